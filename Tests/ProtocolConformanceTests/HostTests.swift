import ChipEmulator
import Mutants
import ProtocolConformance
import Substrate
import Testing
import WireProtocol

/// Our host against devices that play their side badly: whatever they do, no wrong result is handed on, none twice, and the host
/// keeps its own rules.
@Suite struct HostTests {
    private let right = HostRun(HostRun.batches, on: SimulatedTarget())

    /// What a recording says, without its costs: a chip that is written anew takes longer.
    private static func content(_ recording: Recording) -> Recording {
        var recording = recording
        recording.execution = ExecutionReport()
        return recording
    }

    @Test func onARightDeviceEveryBatchComesOnceAndEveryRuleIsKept() {
        let run = right
        #expect(run.delivered.count == 8 && run.failures.isEmpty && run.open.isEmpty)
        #expect(run.inspector.violations.isEmpty, "\(run.inspector.violations)")
        for (rule, _) in HostInspector.rules {
            #expect(run.inspector.applied[rule, default: 0] > 0, "\(rule) was never applied")
        }
    }

    @Test(arguments: Mutant.all.map(\.id))
    func aDeviceThatPlaysItsSideBadlyNeverGetsAWrongResultHandedOn(id: String) throws {
        let mutant = try #require(Mutant.named(id))
        let run = HostRun(HostRun.batches, on: SimulatedTarget(mutant))
        for (number, recordings) in run.delivered {
            #expect(recordings.count == 1, "\(id): batch \(number) was handed on \(recordings.count) times (EXE-007)")
            let due = try #require(right.delivered[number]?.first)
            #expect(Self.content(recordings[0]) == Self.content(due), "\(id): batch \(number) has another recording")
        }
        #expect(run.inspector.violations.isEmpty, "\(id): \(run.inspector.violations.prefix(3))")
        if mutant.kind == .odd {
            #expect(run.delivered.count == 8, "\(id): \(run.failures) \(run.open)")
        }
        print(
            "\(id): \(run.delivered.count) of 8 came, \(run.failures.count) failed, \(run.reconnections) new links, \(run.open.count) left"
        )
    }

    @Test func aDeviceThatIsStartedAnewGetsEverythingAgain() throws {
        let run = HostRun(HostRun.batches, on: SimulatedTarget()) { target, index in
            if index == 3 || index == 5 { _ = target.restart() }
        }
        #expect(run.delivered.count == 8, "\(run.failures) \(run.open)")
        for (number, recordings) in run.delivered {
            #expect(recordings.count == 1)
            #expect(Self.content(recordings[0]) == Self.content(try #require(right.delivered[number]?.first)))
        }
        #expect(run.inspector.violations.isEmpty, "\(run.inspector.violations)")
        #expect(run.inspector.applied["WGT-005/full-after-mismatch", default: 0] > 0, "the rule was never applied")
    }

    @Test func theInspectorSeesAHostThatBreaksTheRules() {
        var inspector = HostInspector()
        var header = FrameHeader(type: MessageType.open.rawValue)
        header.sequence = 3
        inspector.sent(Frame.encode(header, payload: []), on: 1, at: .zero)
        #expect(inspector.violations.contains { $0.rule == "FRM-010/host-numbers" })
        #expect(inspector.violations.contains { $0.rule == "REQ-001/host-requests" })
        #expect(inspector.violations.contains { $0.rule == "HEL-004/own-nonce" })
        var again = FrameHeader(type: MessageType.ping.rawValue)
        again.request = 1
        inspector.sent(Frame.encode(again, payload: []), on: 2, at: .zero)
        #expect(inspector.violations.contains { $0.rule == "LNK-003/hello-first" })
    }
}
