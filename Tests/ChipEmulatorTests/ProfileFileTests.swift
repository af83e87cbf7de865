import ChipEmulator
import Settings
import Substrate
import Testing

/// Profiles as files: what ships, what a user derives, and what is refused.
@Suite struct ProfileFileTests {
    private func read(
        _ yaml: String, set overrides: [(path: String, value: String)] = [],
        files: [String: String] = [:]
    ) throws(FieldError) -> ChipProfileFile {
        try ChipProfileFile(yaml: yaml, source: "lab/mine.yaml", overrides: overrides) {
            (path: String) throws(FieldError) in
            guard let text = files[path] else {
                throw FieldError(source: path, line: nil, field: "", reason: "there is no file \(path)")
            }
            return text
        }
    }

    private func failure(
        _ yaml: String, set overrides: [(path: String, value: String)] = [],
        files: [String: String] = [:]
    ) -> String {
        do throws(FieldError) {
            _ = try read(yaml, set: overrides, files: files)
            return ""
        } catch {
            return error.description
        }
    }

    @Test(arguments: ChipProfile.shippedNames)
    func theResolvedFormOfAShippedProfileIsTheSameProfile(name: String) throws {
        let file = try ChipProfileFile(yaml: try #require(ChipProfile.shippedText(name)), source: name)
        #expect(file.profile == ChipProfile.named(name))
        #expect(file.profile.name == name)
        #expect(file.summary.hasSuffix("."))
        let again = try ChipProfileFile(yaml: file.resolved, source: "elsewhere.yaml")
        #expect(again.profile == file.profile)
        #expect(again.resolved == file.resolved)
        #expect(!file.resolved.contains("extends"))
    }

    @Test func theDefaultIsTheUncalibratedChipAndNothingIsTheIdealOne() throws {
        let chip = ChipProfile.standard
        #expect(chip.name == "bss2")
        #expect(chip.parameters.isCalibratedByHost && chip.parameters.bits == 10)
        #expect(chip.parameters.tauMem.allowed == 0.5...60)
        #expect(chip.parameters.tauMem.coded == 0.2...150)
        #expect(chip.parameters.tauMem.spacing == .logarithmic)
        #expect(chip.mismatch.tauMem == 0.12 && chip.mismatch.tauSyn == 0.22)
        #expect(chip.geometry == .brainScaleS2)
        #expect(chip.events.driverBus == .init(rate: 125, depth: 64))
        #expect(chip.rails == .init(lower: -100, upper: 400))
        #expect(ChipProfile.calibrated.mismatch.tauMem == 0.06)
        #expect(ChipProfile.calibrated.mismatch.synapse == chip.mismatch.synapse)
        #expect(ChipProfile.calibrated.noise == chip.noise)
        #expect(ChipProfile.ideal.effects.isEmpty)
        var nothing = try read("{}").profile
        nothing.name = "ideal"
        #expect(nothing == .ideal)
        #expect(ChipProfile.named("none") == nil)
    }

    @Test func shippedKindsOfChipsDifferInWhatTheirNamesSay() throws {
        let detuned = try #require(ChipProfile.named("detuned"))
        #expect(detuned.mismatch.tauMem == 0.2 && detuned.mismatch.tauSyn == 0.2)
        #expect(detuned.mismatch.synapticGain == 0.2 && detuned.mismatch.threshold == 0.1)
        #expect(!detuned.parameters.isCalibratedByHost)
        let memristive = try #require(ChipProfile.named("memristive"))
        #expect(memristive.geometry.weightLimit == 7 && memristive.mismatch.synapse == 0.25)
        #expect(memristive.defects.stuckAtZero == 0.7 / 100 && memristive.defects.stuckAtFull == 0.3 / 100)
        #expect(memristive.programming.weight > 0 && !memristive.parameters.isCalibratedByHost)
        var fast = try #require(ChipProfile.named("bss2-fast"))
        #expect(fast.timing.resetGap == 1.8 / 1e6)
        fast.timing.resetGap = ChipProfile.standard.timing.resetGap
        fast.energy = ChipProfile.standard.energy
        fast.name = "bss2"
        #expect(fast == .standard)
    }

    /// The file of README.md, section "Chip profiles".
    private static let derived = """
        extends: bss2-calibrated
        mismatch:
          threshold_percent: 6
        noise:
          membrane_lsb: 2
        timing:
          reset_gap_us: 10
        """

    @Test func threeNumbersMakeAChipOfOnesOwn() throws {
        let file = try read(Self.derived)
        var expected = ChipProfile.calibrated
        expected.name = "mine"
        expected.mismatch.threshold = 0.06
        expected.noise.membrane = 2
        expected.timing.resetGap = 10 / 1e6
        #expect(file.profile == expected)
        #expect(file.summary.isEmpty, "what another file says of itself is not inherited")
    }

    @Test func aFileMayExtendAFileBesideItAndSettingsWinOverBoth() throws {
        let file = try read(
            "{extends: base/own.yaml, noise: {membrane_lsb: 3}}",
            set: [("noise.spike_time_ns", "7"), ("defects.dead_circuits", "[3, 17]"), ("name", "x")],
            files: [
                "lab/base/own.yaml": "{extends: ../bss2.yaml, noise: {threshold_percent: 2}}",
                "lab/base/../bss2.yaml": "{name: other, extends: bss2}",
            ])
        var expected = ChipProfile.standard
        expected.name = "x"
        expected.noise.membrane = 3
        expected.noise.threshold = 0.02
        expected.noise.spikeTime = 7
        expected.defects.deadCircuits = [3, 17]
        #expect(file.profile == expected)
    }

    @Test func aChangedFieldIsAnotherChip() throws {
        let base = "{extends: bss2, name: same}"
        let file = try read(base)
        var seen = [EmulatedChip(profile: file.profile, serial: 1).description.calibration: "no field"]
        for field in file.fields where field.path != "summary" {
            guard let value = try Self.another(field) else { continue }
            let other = try read(base, set: [(field.path, value)])
            let found = EmulatedChip(profile: other.profile, serial: 1).description.calibration
            let same = seen.updateValue(field.path, forKey: found)
            #expect(same == nil, "\(field.path) = \(value) is the same chip as with another \(same ?? "")")
        }
        #expect(seen.count > 100)
    }

    /// Another value that may stand in a field of the default chip; nil for spacings of codes that begin at zero.
    private static func another(_ field: FieldDocumentation) throws -> String? {
        switch field.value {
        case "true": return "false"
        case "false": return "true"
        case "tick": return "step"
        case "linear": return nil
        case "logarithmic": return "linear"
        case "[]": return "[1]"
        case let text where text.hasPrefix("\""): return "other"
        case let text where text.hasPrefix("["):
            let ends = text.dropFirst().dropLast().split(separator: ",").map { $0.drop { $0 == " " } }
            let lower = try #require(Double(ends[0]))
            // What is allowed stays within the codes: one shrinks, the other grows.
            let moved = field.path.contains("allowed") ? lower + 0.001 : lower == 0 ? -0.5 : lower * 0.9
            return "[\(moved), \(ends[1])]"
        case let text:
            if let whole = Int(text) { return "\(whole == 1 || whole == 0 ? whole + 1 : whole - 1)" }
            return "\(try #require(Double(text)) * 0.9)"
        }
    }

    @Test func whatIsWrongIsSaidWithItsLine() throws {
        let unknown = failure("noise:\n  membran_lsb: 2\n")
        #expect(unknown.hasPrefix("lab/mine.yaml:2: noise.membran_lsb: "), "\(unknown)")
        #expect(unknown.contains("did you mean \"membrane_lsb\""))
        let value = failure("mismatch:\n  tau_mem_percent: much")
        #expect(value == "lab/mine.yaml:2: mismatch.tau_mem_percent: \"much\" is not a number from 0 to 100")
        let rails = failure("rails:\n  clip: true\n  lower_lsb: 300\n  upper_lsb: 200")
        #expect(rails.hasPrefix("lab/mine.yaml:3: rails.lower_lsb: the rails are upside down"), "\(rails)")
        let range = failure("parameters:\n  tau_mem: {allowed_us: [60, 0.5]}")
        #expect(range.hasPrefix("lab/mine.yaml:2: parameters.tau_mem.allowed_us: the range is upside down"))
        let narrow = failure("extends: bss2\nparameters:\n  tau_mem:\n    allowed_us: [0.1, 60]")
        #expect(narrow.contains("less than what is allowed"), "\(narrow)")
        #expect(narrow.hasPrefix("bss2:"), "the codes' range is the shipped one: \(narrow)")
        let codes = failure("parameters: {calibrated_by_host: true}")
        #expect(codes.contains("parameters.bits is 0"), "\(codes)")
        let circuit = failure("extends: bss2\ndefects:\n  dead_circuits: [4, 512]")
        #expect(circuit == "lab/mine.yaml:3: defects.dead_circuits: \"512\" is not a whole number from 0 to 511")
        let list = failure("defects:\n  dead_circuits: 4")
        #expect(list.contains("a list of whole numbers such as [3, 17] is expected here"))
        let drift = failure("drift: {shortest_s: 10, longest_s: 1}")
        #expect(drift.contains("drift.longest_s (1.0 s)"), "\(drift)")
        let memory = failure("geometry: {trace_memory_bytes: 100}")
        #expect(memory.contains("trace memory of 100 bytes"), "\(memory)")
        let broken = failure("defects: {dead_percent: 60, silent_percent: 60}")
        #expect(broken.contains("more than 100 %"))
        let setting = failure("extends: bss2", set: [("noise.membrane", "2")])
        #expect(setting.hasPrefix("lab/mine.yaml (setting): noise.membrane: "), "\(setting)")
    }

    @Test func whatCannotBeExtendedIsSaid() throws {
        let misspelt = failure("extends: bss3")
        #expect(misspelt.hasPrefix("lab/mine.yaml:1: extends: "))
        #expect(misspelt.contains("did you mean \"bss2\"") && misspelt.contains("./bss3"), "\(misspelt)")
        #expect(failure("extends: ./none.yaml").contains("there is no file lab/./none.yaml"))
        let circle = failure(
            "extends: other.yaml",
            files: [
                "lab/other.yaml": "name: b\nextends: ./../lab/other.yaml",
                "lab/./../lab/other.yaml": "extends: /lab/other.yaml",
                "/lab/other.yaml": "extends: other.yaml",
            ])
        #expect(circle.contains("the file extends itself"), "\(circle)")
        let base = failure("extends: other.yaml", files: ["lab/other.yaml": "noise:\n\n  membrane_lsb: -1"])
        #expect(base.hasPrefix("lab/other.yaml:3: noise.membrane_lsb: \"-1\""), "\(base)")
        #expect(failure("extends: [bss2]").contains("a name is expected here"))
    }

    @Test func everyFieldSaysItsUnitAndItsSourceWhereItHasOne() throws {
        let fields = try ChipProfileFile(yaml: "", source: "defaults").fields
        #expect(Set(fields.map(\.path)).count == fields.count)
        for field in fields {
            #expect(field.meaning.hasSuffix("."), "\(field.path)")
            if field.path.hasSuffix("_percent") { #expect(field.meaning.contains("%"), "\(field.path)") }
            if field.path.hasSuffix("_lsb") { #expect(field.meaning.contains("LSB"), "\(field.path)") }
        }
    }
}
