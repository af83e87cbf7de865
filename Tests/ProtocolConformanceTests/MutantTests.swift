import Mutants
import ProtocolConformance
import Testing

/// The suite against devices that are wrong in one way each, and against odd ones that are not wrong.
@Suite struct MutantTests {
    private static let faulty = Mutant.all.filter { $0.kind != .odd }
    private static let odd = Mutant.all.filter { $0.kind == .odd }

    @Test func thereAreEnoughOfThemAndNoNameIsUsedTwice() {
        #expect(Self.faulty.count >= 40)
        #expect(Set(Mutant.all.map(\.id)).count == Mutant.all.count)
    }

    @Test(arguments: faulty.map(\.id))
    func aMutantIsKilledByTheCaseThatClaimsItsRequirement(id: String) throws {
        let mutant = try #require(Mutant.named(id))
        guard case .faulty(let killer) = mutant.kind else { return }
        let entry = try #require(ConformanceSuite.cases.first { $0.id == killer }, "there is no case \(killer)")
        let honest = try SuiteTests.report(of: SimulatedTarget(), [entry]).results[0].outcome
        #expect(honest == .pass, "\(killer) on a right device: \(honest.title): \(honest.detail)")
        let outcome: Outcome
        do {
            outcome = try SuiteTests.report(of: SimulatedTarget(mutant), [entry]).results[0].outcome
        } catch let error as TargetUnreachable {
            // What breaks every exchange is found before the first case; a maker sees that reason.
            outcome = .fail(error.reason)
        }
        #expect(outcome.isFailure, "\(id) survives \(killer): \(outcome.title) \(outcome.detail)")
        print("\(id): \(killer) \(outcome.title): \(outcome.detail.prefix(110))")
    }

    /// Every case of the full profile on every odd device, with two seeds; what a right device fails is no fault of the odd.
    @Test(arguments: odd.map(\.id))
    func anOddButRightDeviceFailsNoCaseThatAPlainOnePasses(id: String) throws {
        let mutant = try #require(Mutant.named(id))
        try Self.compare(SimulatedTarget(mutant), id)
    }

    @Test func theSmallestLimitsAreRightToo() throws {
        let target = SimulatedTarget { configuration in
            configuration.limits.framePayload = 2_048
            configuration.limits.controlPayload = 2_048
            configuration.limits.message = 1 << 20
        }
        try Self.compare(target, "smallest limits")
    }

    @Test func aDeviceThatTakesItsTimeIsRightToo() throws {
        let target = SimulatedTarget()
        target.lag = .milliseconds(80)
        try Self.compare(target, "late answers")
    }

    @Test func anIdealChipAndOneWithoutCodesAreRightToo() throws {
        try Self.compare(SimulatedTarget(profile: .ideal), "ideal")
        try Self.compare(SimulatedTarget(profile: .calibrated), "calibrated")
    }

    private static func compare(_ target: SimulatedTarget, _ name: String) throws {
        let report = try SuiteTests.report(of: target, ConformanceSuite.cases)
        for result in report.results where result.isUnexpectedFailure || result.outcome.kind == .suiteError {
            Issue.record("\(name), \(result.id): \(result.outcome.title): \(result.outcome.detail)")
        }
    }
}
