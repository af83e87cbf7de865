/// One deviation from the protocol, or one oddity that the protocol allows, for a device to show: what the conformance suite
/// is tested against.
package struct Mutant: Sendable, Hashable {
    /// What a deviation does.
    package enum Kind: Sendable, Hashable {
        /// Breaks a requirement; the named case has to fail.
        case faulty(killer: String)
        /// Breaks none; every case has to pass.
        case odd
    }

    /// The name on the command line.
    package let id: String
    /// What the device does, in a sentence.
    package let summary: String
    /// Whether that is allowed, and if not, which case finds it.
    package let kind: Kind

    /// The requirement that a faulty device breaks.
    package var requirement: String? {
        if case .faulty(let killer) = kind { String(killer.prefix { $0 != "/" }) } else { nil }
    }

    /// The mutant of a name.
    package static func named(_ id: String) -> Mutant? { all.first { $0.id == id } }
}
