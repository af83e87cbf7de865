import ConformanceCLI
import DeviceClient
import DeviceTransport
import Foundation
import Mutants
import ProtocolConformance
import Substrate
import Synchronization
import Testing
import WireProtocol
import ZeroMQDriver

/// Our own host, over sockets and with its threads, in front of faulty devices: what `volley-conformance host` does.
@Suite(.serialized, .enabled(if: Command.exists, "needs the commands: swift build -c release"))
struct HostCheckTests {
    /// What a check has found.
    private struct Findings: Sendable {
        var violations: [HostInspector.Violation]
        var applied: [String: Int]
        var links: Int
        var results: Int
    }

    /// Runs a check until told to stop. It has begun when this returns: on a thread of its own, since the pools have other
    /// tests to wait for.
    private static func check(
        _ device: String, at address: String, through mutant: String, until isOver: @escaping @Sendable () -> Bool
    ) -> AsyncStream<Result<Findings, any Error>> {
        let (stream, continuation) = AsyncStream<Result<Findings, any Error>>.makeStream()
        Thread.detachNewThread {
            let result = Result {
                let target = SocketTarget(try DeviceURI(device))
                let relay: any FrameRelay = Mutant.named(mutant).map { MutantRelay($0) } ?? HonestRelay()
                let check = HostCheck(
                    target, on: try ZeroMQListener(on: try DeviceURI(address)), through: relay)
                try check.serve(until: isOver)
                check.end()
                return Findings(
                    violations: check.inspector.violations, applied: check.inspector.applied,
                    links: check.links, results: check.results)
            }
            continuation.yield(result)
            continuation.finish()
        }
        return stream
    }

    /// Deviations of every kind: frames, responses, results, credit.
    @Test(arguments: [
        "honest", "odd-repeated-frames", "odd-unknown-fields", "wrong-checksum-of-chunks", "ignores-credit",
        "undefined-validity", "answers-twice", "forgets-results",
    ])
    func ourHostKeepsTheRulesInFrontOf(mutant: String) async throws {
        let daemon = try Daemon()
        defer { daemon.stop() }
        let address = "ipc:///tmp/host-check-\(UInt64.random(in: 0...(.max))).sock"
        let isOver = Mutex(false)
        let checked = Self.check(daemon.uri, at: address, through: mutant) { isOver.withLock { $0 } }
        let uri = try DeviceURI(address)
        var options = RemoteDeviceOptions(runID: RunID(high: .random(in: 0...(.max)), low: 1), label: "checked host")
        options.linkPatience = .seconds(3)
        options.contactPatience = .seconds(30)
        let host = RemoteDevice(named: address, options: options) { patience throws(TransportError) in
            try ZeroMQTransport(connecting: uri, patience: patience)
        }
        var came = 0
        var failures: [String] = []
        for batch in HostRun.batches {
            do {
                came += try await host.run(batch).batch == batch.id ? 1 : 0
            } catch {
                failures.append("\(error)")
            }
        }
        await host.close()
        isOver.withLock { $0 = true }
        let findings = try #require(await checked.first { _ in true }).get()
        #expect(findings.violations.isEmpty, "\(mutant): \(findings.violations.prefix(3))")
        #expect(findings.links > 0)
        if mutant == "honest" || mutant.hasPrefix("odd-") {
            #expect(came == HostRun.batches.count, "\(mutant): \(came) batches came; \(failures)")
            #expect(findings.applied["CRD-002/host-slots", default: 0] >= came)
        }
    }
}

/// A daemon at an address.
private final class SocketTarget: DeviceTarget {
    private let uri: DeviceURI
    private let origin = ContinuousClock.now

    init(_ uri: DeviceURI) { self.uri = uri }

    var name: String { uri.description }

    var now: Duration { origin.duration(to: .now) }

    func sleep(for duration: Duration) { Thread.sleep(forTimeInterval: duration / .seconds(1)) }

    func open() throws(TransportError) -> any DeviceLink { TransportLink(try ZeroMQTransport(connecting: uri)) }

    func restart() -> Bool { false }

    func leave() -> Bool { false }

    let canRestart = false
    let canLeave = false
}
