import ChipEmulator
import Foundation
import Mutants
import ProtocolConformance
import Testing
import WireProtocol

/// The whole suite against the device that `volleyd` serves, and the list of what that device is known to fail.
@Suite struct SuiteTests {
    /// The repository's root.
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// What the emulated device is known to fail; `volley-conformance --expected` takes it too.
    static func known() throws -> ExpectedFailures {
        let file = root.appending(path: "Tests/ProtocolConformanceTests/volleyd.expected")
        return try ExpectedFailures(
            parsing: String(contentsOf: file, encoding: .utf8), of: ConformanceSuite.cases)
    }

    /// Stale entries fail here, so the list can only get shorter by itself.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func theEmulatedDeviceFailsWhatItIsKnownToFailAndNothingElse(seed: UInt64) throws {
        let report = try Self.report(of: SimulatedTarget(), ConformanceSuite.cases, seed: seed)
        for result in report.results where result.isUnexpectedFailure || result.isStale {
            Issue.record("seed \(seed), \(result.id): \(result.outcome.title): \(result.outcome.detail)")
        }
        #expect(report.count(.suiteError) == 0 && report.count(.inconclusive) == 0)
        #expect(report.verdict == .conformant, "\(report.summary)")
        print("seed \(seed): \(report.results.count) cases, \(report.count(.pass)) passed, \(report.summary)")
    }

    static func report(of target: SimulatedTarget, _ cases: [ConformanceCase], seed: UInt64 = 1) throws -> SuiteReport {
        try SuiteRunner(target, options: SuiteOptions(seed: seed, profile: .full), expected: known()).run(cases)
    }
}
