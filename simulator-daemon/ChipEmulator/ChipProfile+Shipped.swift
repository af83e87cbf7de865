import Settings

extension ChipProfile {
    /// Names of the profiles that ship with the product, in the order in which a newcomer meets them.
    public static let shippedNames = [
        "bss2", "bss2-calibrated", "bss2-fast", "detuned", "memristive", "ideal",
    ]

    /// The text of a shipped profile; `nil` if there is none of that name.
    public static func shippedText(_ name: String) -> String? {
        let bytes: [UInt8]
        switch name {
        case "bss2": bytes = PackageResources.bss2_yaml
        case "bss2-calibrated": bytes = PackageResources.bss2_calibrated_yaml
        case "bss2-fast": bytes = PackageResources.bss2_fast_yaml
        case "detuned": bytes = PackageResources.detuned_yaml
        case "memristive": bytes = PackageResources.memristive_yaml
        case "ideal": bytes = PackageResources.ideal_yaml
        default: return nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The shipped profile of a name, if there is one.
    ///
    /// Traps where its file is wrong, for then the product is.
    public static func named(_ name: String) -> ChipProfile? { shipped[name] }

    /// A chip after BrainScaleS-2 as it comes from the factory: the default. It expects to be calibrated by its host.
    public static let standard = shippedProfile("bss2")

    /// The same kind of chip after a calibration of its own: the calibrated spread, with all temporal noise.
    public static let calibrated = shippedProfile("bss2-calibrated")

    /// The same chip with every deviation off: it differs from the equations by its integration step only.
    public static let ideal = shippedProfile("ideal")

    private static let shipped: [String: ChipProfile] = {
        var profiles: [String: ChipProfile] = [:]
        for name in shippedNames {
            do throws(FieldError) {
                profiles[name] = try ChipProfileFile(yaml: shippedText(name) ?? "", source: name).profile
            } catch {
                preconditionFailure("a shipped profile is wrong: \(error)")
            }
        }
        return profiles
    }()

    private static func shippedProfile(_ name: String) -> ChipProfile {
        guard let profile = shipped[name] else {
            preconditionFailure("\"\(name)\" is not among the shipped profiles \(shippedNames)")
        }
        return profile
    }
}
