import ChipEmulator
import Foundation
import Mutants
import ProtocolConformance
import Testing
import WireProtocol

@Suite struct SuiteTests {
    /// The repository's root.
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test func theEmulatedDeviceFailsTheKnownCasesOnly() throws {
        let report = try Self.report(of: SimulatedTarget(), ConformanceSuite.cases)
        for result in report.results where result.outcome.kind != .pass {
            print("\(result.outcome.title) \(result.id): \(result.outcome.detail)")
        }
        print("\(report.results.count) cases, \(report.count(.pass)) passed")
        #expect(report.count(.suiteError) == 0)
    }

    static func report(of target: SimulatedTarget, _ cases: [ConformanceCase], seed: UInt64 = 1) throws -> SuiteReport {
        try SuiteRunner(target, options: SuiteOptions(seed: seed, profile: .full)).run(cases)
    }
}
