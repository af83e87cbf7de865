import BoardEmulator
import ChipEmulator
import DeviceTransport
import Foundation
import ProtocolConformance
import Testing
import USBDriver

extension USBDriverTests {
    /// The conformance suite on a board: some of it in every run, the core profile as a campaign.
    @Suite struct SuiteOverUSBTests {
        @Test func theEmulatedBoardConforms() throws {
            let isCampaign = ProcessInfo.processInfo.environment["VOLLEY_CAMPAIGN"] != nil
            let bus = try TestBus()
            let function = makeFunction(serial: 3)
            let chip = ServedChip(.standard, serial: 3, behind: function)
            let board = try bus.plug(function)
            let options = SuiteOptions(
                seed: .random(in: 1...999_999),
                filters: isCampaign ? [] : ["FRM-010/gap-1", "EXE-001"])
            let cases = options.select(from: ConformanceSuite.cases)
            let report = try SuiteRunner(BusTarget(), options: options).run(cases)
            chip.end()
            for result in report.results where result.outcome.kind != .pass && result.outcome.kind != .skip {
                Issue.record(
                    "\(result.id), seed \(options.seed): \(result.outcome)\n\(result.capture.story.suffix(20))")
            }
            #expect(report.verdict == .conformant, "\(report.summary), seed \(options.seed)")
            let passed = report.results.count { $0.outcome.kind == .pass }
            #expect(passed > cases.count / 2, "\(passed) of \(cases.count) passed, seed \(options.seed)")
            print(
                "conformance over the emulated USB: \(cases.count) cases, \(passed) passed, the others skipped, "
                    + "\(report.duration), seed \(options.seed)")
            withExtendedLifetime(board) {}
        }
    }

    /// The one board on the emulated bus, to the conformance suite.
    private final class BusTarget: DeviceTarget {
        private let origin = ContinuousClock.now

        var name: String { "usb:" }
        var now: Duration { origin.duration(to: .now) }
        var sharing: LinkSharing { .one }
        var hasEmptyFrames: Bool { false }
        var canRestart: Bool { false }
        var canLeave: Bool { false }

        func sleep(for duration: Duration) { Thread.sleep(forTimeInterval: max(0, duration / .seconds(1))) }

        func open() throws(TransportError) -> any DeviceLink {
            TransportLink(try USBTransport(connecting: USBSelection(), patience: .seconds(2)))
        }

        func restart() -> Bool { false }
        func leave() -> Bool { false }
    }
}
