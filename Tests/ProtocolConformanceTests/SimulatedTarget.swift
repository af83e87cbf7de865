import ChipEmulator
import DeviceTransport
import Mutants
import ProtocolConformance
import Substrate
import WireProtocol

/// A device in this process with a clock of its own, which jumps where the suite waits: the 60 s of a session take no time.
///
/// Behind the links is the endpoint that `volleyd` serves, and the emulated chip; a batch takes the chip's modelled time.
final class SimulatedTarget: DeviceTarget {
    let name = "simulated"
    private(set) var now: Duration = .seconds(1_000)
    private var endpoint: DeviceEndpoint
    private var chip: EmulatedChip
    private var relay: MutantRelay?
    private var inboxes: [LinkPeer: [[UInt8]]] = [:]
    private var running: (job: JobKey, batch: DeviceBatch, slicesOf: Int, end: Duration, isCancelled: Bool)?
    private var linkCount: UInt64 = 0
    private var bootCount: UInt64 = 0
    private let adjust: (inout DeviceEndpointConfiguration) -> Void
    /// How late every answer is.
    var lag: Duration = .zero

    init(
        _ mutant: Mutant? = nil, profile: ChipProfile = .standard,
        adjust: @escaping (inout DeviceEndpointConfiguration) -> Void = { _ in }
    ) {
        self.adjust = adjust
        chip = EmulatedChip(profile: profile, serial: 3, threads: 1)
        endpoint = Self.endpoint(of: chip, boot: 0, now: now, adjust)
        relay = mutant.map(MutantRelay.init)
    }

    private static func endpoint(
        of chip: EmulatedChip, boot: UInt64, now: Duration, _ adjust: (inout DeviceEndpointConfiguration) -> Void
    ) -> DeviceEndpoint {
        var configuration = DeviceEndpointConfiguration(
            description: chip.description, boot: 0xB007 + boot, secret: Array(repeating: UInt8(boot & 0xFF), count: 32))
        // A boot counter in the high half, as LSE-003 has it.
        configuration.firstFencingToken = UInt32(boot + 1) << 16 | 1
        let profile = chip.profile
        configuration.flaw = {
            ConfigurationCheck(profile: profile, configuration: $0, name: "the configuration").flaw
        }
        adjust(&configuration)
        return DeviceEndpoint(configuration: configuration, now: now)
    }

    func sleep(for duration: Duration) { advance(to: now + duration, until: { false }) }

    func open() throws(TransportError) -> any DeviceLink {
        linkCount += 1
        let peer = LinkPeer(bytes: (0..<8).map { UInt8(truncatingIfNeeded: linkCount >> (8 * $0)) })
        inboxes[peer] = []
        return SimulatedLink(self, peer)
    }

    var canRestart: Bool { true }

    var canLeave: Bool { true }

    func restart() -> Bool {
        bootCount += 1
        running = nil
        chip = EmulatedChip(profile: chip.profile, serial: chip.serial, threads: 1)
        endpoint = Self.endpoint(of: chip, boot: bootCount, now: now, adjust)
        return true
    }

    func leave() -> Bool {
        perform(endpoint.goAway(reason: "maintenance", now: now))
        return true
    }

    fileprivate func deliver(_ frame: [UInt8], from peer: LinkPeer) {
        // No two frames arrive at the same time.
        now += .microseconds(1)
        guard relay != nil else {
            perform(endpoint.receive(frame, from: PeerID(bytes: peer.bytes), now: now))
            return
        }
        let (toDevice, toHost) = relay?.receive(frame, from: peer) ?? ([], [])
        inboxes[peer, default: []] += toHost
        for frame in toDevice { perform(endpoint.receive(frame, from: PeerID(bytes: peer.bytes), now: now)) }
    }

    fileprivate func frame(for peer: LinkPeer, within limit: Duration) -> [UInt8]? {
        if lag > .zero { advance(to: now + min(lag, limit), until: { false }) }
        advance(to: now + limit) { self.inboxes[peer]?.isEmpty == false }
        guard inboxes[peer]?.isEmpty == false else { return nil }
        return inboxes[peer]?.removeFirst()
    }

    /// Lets time pass from event to event.
    private func advance(to end: Duration, until isEnough: () -> Bool) {
        while !isEnough() {
            let job = running.map(\.end)
            let next = [job, endpoint.nextTimeout].compactMap { $0 }.min()
            guard let next, next <= end else {
                now = end
                return
            }
            now = max(now, next)
            if let job, job <= now { finish() } else { perform(endpoint.timeout(now: now)) }
        }
    }

    private func finish() {
        guard let current = running else { return }
        running = nil
        if current.isCancelled {
            return perform(
                endpoint.complete(
                    current.job, result: .failure(DeviceError(.cancelled, "cancelled")), now: now))
        }
        let result = Self.run(current.batch, on: &chip)
        if case .success(let recording) = result {
            for slice in recording.slices(of: current.slicesOf) {
                perform(endpoint.advance(current.job, slice: slice, now: now))
            }
        }
        perform(endpoint.complete(current.job, result: result.map(\.totals), now: now))
    }

    private static func run(_ batch: DeviceBatch, on chip: inout EmulatedChip) -> Result<Recording, DeviceError> {
        do throws(DeviceError) {
            return .success(try chip.run(batch))
        } catch {
            return .failure(error)
        }
    }

    private func perform(_ actions: [DeviceAction]) {
        for action in actions {
            switch action {
            case .transmit(let frame, let peer):
                let link = LinkPeer(bytes: peer.bytes)
                let frames = relay?.send(frame, to: link) ?? [frame]
                inboxes[link]? += frames
            case .execute(let job, let batch, let length):
                // A batch takes its windows; long ones are run when they end, for they are often cancelled before.
                let ticks = batch.configuration.window * batch.inputs.entryCount
                running = (job, batch, length, now + .nanoseconds(8 * ticks) + .microseconds(50), false)
            case .cancel(let job):
                guard running?.job == job else { continue }
                running?.end = now
                running?.isCancelled = true
            case .log: break
            }
        }
    }

    fileprivate func forget(_ peer: LinkPeer) { inboxes[peer] = nil }
}

private final class SimulatedLink: DeviceLink {
    private let target: SimulatedTarget
    private let peer: LinkPeer

    init(_ target: SimulatedTarget, _ peer: LinkPeer) {
        self.target = target
        self.peer = peer
    }

    func send(_ frame: [UInt8]) throws(TransportError) { target.deliver(frame, from: peer) }

    func receive(within limit: Duration) throws(TransportError) -> [UInt8]? { target.frame(for: peer, within: limit) }

    func close() { target.forget(peer) }
}
