import ChipEmulator
import Foundation
import Mutants
import ProtocolConformance
import Testing
import WireProtocol

/// The whole suite against the device that `volleyd` serves: nothing fails, and nothing is tolerated.
@Suite struct SuiteTests {
    /// The repository's root.
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test(arguments: [1, 2, 3] as [UInt64])
    func theEmulatedDevicePasses(seed: UInt64) throws {
        let report = try Self.report(of: SimulatedTarget(), ConformanceSuite.cases, seed: seed)
        for result in report.results where result.outcome.isFailure {
            Issue.record("seed \(seed), \(result.id): \(result.outcome.title): \(result.outcome.detail)")
        }
        #expect(report.count(.suiteError) == 0 && report.count(.inconclusive) == 0)
        #expect(report.verdict == .conformant, "\(report.summary)")
        print("seed \(seed): \(report.results.count) cases, \(report.count(.pass)) passed, \(report.summary)")
    }

    static func report(of target: SimulatedTarget, _ cases: [ConformanceCase], seed: UInt64 = 1) throws -> SuiteReport {
        try SuiteRunner(target, options: SuiteOptions(seed: seed, profile: .full)).run(cases)
    }
}
