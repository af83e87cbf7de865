import ChipEmulator
import Foundation
import InTheLoop
import Substrate
import Testing

/// Fitted profiles as files, and the chips that are made after them.
@Suite struct FitFileTests {
    @Test func fileReadsAsTheProfileThatWasFitted() async throws {
        let chip = FitChip(FitChip.unusual, serial: 7)
        let fit = try await chip.fitted()
        let yaml = fit.yaml(name: "my chip: \"A\"", extending: "bss2")
        let file = try ChipProfileFile(yaml: yaml, source: "fitted.yaml")
        #expect(file.profile.name == "my chip: \"A\"")
        #expect(file.profile.geometry == FitChip.unusual.geometry)
        #expect(file.profile.parameters == FitChip.unusual.parameters)
        for number in fit.numbers {
            let value = file.profile.value(of: number.field)
            #expect((value - number.fitted).magnitude <= 1e-3 * number.fitted.magnitude, "\(number)")
        }
        // What was not measured is the base's.
        let base = ChipProfile.standard
        #expect(file.profile.timing == base.timing)
        #expect(file.profile.events == base.events)
        #expect(file.profile.programming.relative == base.programming.relative)
        #expect(file.profile.converter.skew == base.converter.skew)
        for number in fit.numbers {
            let lines = yaml.split(separator: "\n").map(String.init)
            let comment = try #require(
                lines.firstIndex { $0.hasSuffix("\(number.field.counted): \(number.field.method)") })
            #expect(lines[comment].contains(" +- "))
            #expect(lines[comment + 1].hasPrefix("  \(number.field.key): "))
        }
    }

    @Test func otherChipOfTheFittedProfileIsLikeTheDevice() async throws {
        let device = try await FitChip(FitChip.unusual, serial: 21).fitted()
        let profile = try ChipProfileFile(
            yaml: device.yaml(name: "fitted", extending: "bss2"), source: "fitted.yaml"
        ).profile
        let like = try await FitChip(profile, serial: 22).fitted()
        for (first, second) in zip(device.numbers, like.numbers) {
            #expect(first.field == second.field)
            #expect(first.isResolved == second.isResolved, "\(first), \(second)")
            let error = hypot(first.standardError, second.standardError)
            #expect((first.fitted - second.fitted).magnitude <= 3.7 * error, "\(first), \(second)")
        }
        let columns: [KeyPath<ProfileFit.Circuits, [Double]>] = [
            \.leak, \.reset, \.threshold, \.tauMem, \.tauSynExcitatory, \.tauSynInhibitory, \.synapticGain,
            \.converterOffset, \.converterGain,
        ]
        for column in columns {
            let (a, b) = (device.circuits[keyPath: column], like.circuits[keyPath: column])
            #expect(Self.distance(a, b) < Self.critical(a.count, b.count), "\(column)")
        }
        // The same test tells the device from a chip of the shipped profile.
        let shipped = try await FitChip(ChipProfile.standard, serial: 22).fitted()
        for column in [\ProfileFit.Circuits.leak, \.converterOffset] {
            let (a, b) = (device.circuits[keyPath: column], shipped.circuits[keyPath: column])
            #expect(Self.distance(a, b) > Self.critical(a.count, b.count), "\(column)")
        }
    }

    @Test func fileOfAnIdealChipIsIdeal() async throws {
        let fit = try await FitChip(ChipProfile.ideal, serial: 1).fitted()
        let profile = try ChipProfileFile(
            yaml: fit.yaml(name: "fitted", extending: "ideal"), source: "fitted.yaml"
        ).profile
        var expected = ChipProfile.ideal
        expected.name = "fitted"
        #expect(profile == expected)
    }

    /// The largest difference of two samples' distributions (Kolmogorov and Smirnov).
    private static func distance(_ first: [Double], _ second: [Double]) -> Double {
        let (a, b) = (first.filter(\.isFinite).sorted(), second.filter(\.isFinite).sorted())
        var (i, j, largest) = (0, 0, 0.0)
        while i < a.count, j < b.count {
            let value = min(a[i], b[j])
            while i < a.count, a[i] <= value { i += 1 }
            while j < b.count, b[j] <= value { j += 1 }
            largest = max(largest, (Double(i) / Double(a.count) - Double(j) / Double(b.count)).magnitude)
        }
        return largest
    }

    /// What two samples of one distribution exceed once in two thousand times.
    private static func critical(_ first: Int, _ second: Int) -> Double {
        let (n, m) = (Double(first), Double(second))
        return (-log(0.0005 / 2) / 2 * (n + m) / (n * m)).squareRoot()
    }
}
