public import ChipEmulator
public import DeviceTransport
import Glibc
public import Logging
package import Substrate
import WireProtocol

/// Serves one chip to the clients of one listener: a loop that turns frames, finished jobs and time into actions.
///
/// The loop never waits for the chip, so that clients are answered while a job runs.
public struct ChipServer<Link: Listener & ~Copyable>: ~Copyable {
    private var listener: Link
    private var endpoint: DeviceEndpoint
    private var tokens: FencingTokens
    private let worker: ChipWorker
    private let options: DeviceServerOptions
    private let stop: ServerStop
    private let logger: Logger
    private let origin: ContinuousClock.Instant
    private var labels: [UInt64: String] = [:]
    private var outgoing: [(frame: [UInt8], peer: PeerID)] = []

    /// A server of an emulated chip.
    public init(
        _ chip: EmulatedChip, on listener: consuming Link, options: DeviceServerOptions,
        stop: ServerStop, logger: Logger
    ) {
        let chip = ChipBox(chip)
        self.init(
            description: chip.description, on: listener, options: options, stop: stop,
            logger: logger, flaw: chip.flaw, run: { chip.run($0, slicesOf: $1, receive: $2) })
    }

    /// A server of anything that runs batches; `run` is called on one thread, a batch at a time. `flaw` says why a
    /// network cannot run, and may be called meanwhile.
    package init(
        description: DeviceDescription, on listener: consuming Link, options: DeviceServerOptions,
        stop: ServerStop, logger: Logger,
        flaw: @escaping @Sendable (ChipConfiguration) -> String? = { _ in nil },
        run: @escaping ChipRunner
    ) {
        var random = SystemRandomNumberGenerator()
        let secret = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
        var configuration = DeviceEndpointConfiguration(
            description: description, boot: options.bootID ?? random.next(), secret: secret)
        configuration.limits.framePayload = options.frameLimit
        configuration.limits.slots = DeviceBatch.pipelineDepth
        configuration.batchesOut = 2
        tokens = FencingTokens(file: options.tokenFile, now: time(nil), logger: logger)
        configuration.firstFencingToken = tokens.first
        configuration.flaw = flaw
        worker = ChipWorker(mode: options.mode, wake: listener.wake, run: run)
        stop.attach(wake: listener.wake)
        endpoint = DeviceEndpoint(configuration: configuration, now: .zero)
        origin = .now
        self.listener = listener
        self.options = options
        self.stop = stop
        self.logger = logger
    }

    /// Where clients find the server.
    public var address: DeviceURI { listener.address }

    /// Serves until a stop is asked for, then finishes the running job, hands out what is ready, and closes the link.
    ///
    /// Ends within the options' `stopLimit` and `farewell` after the request.
    ///
    /// - Throws: The listener's error, when it can no longer receive.
    public consuming func run() throws(TransportError) {
        while stop.reason == nil { try serve(atMost: .seconds(1)) }
        let reason = stop.reason ?? ""
        logger.notice("stopping: \(reason)")
        perform(endpoint.goAway(reason: reason, now: now))
        transmit()
        let limit = now + options.stopLimit
        while endpoint.isBusy, now < limit { try serve(atMost: limit - now) }
        if endpoint.isBusy {
            logger.warning("a job did not finish within \(options.stopLimit) and is given up")
            worker.abandon()
        }
        let end = now + options.farewell
        while now < end, endpoint.isSending || endpoint.health(now: now).resultsKept > 0 {
            try serve(atMost: end - now)
        }
        report(endpoint.health(now: now))
        listener.close()
    }

    private var now: Duration { origin.duration(to: .now) }

    /// One turn: waits for something to happen, and acts on it.
    private mutating func serve(atMost limit: Duration) throws(TransportError) {
        var wait = limit
        if let next = endpoint.nextTimeout { wait = min(wait, next - now) }
        // After a first frame the queue is emptied before anything else is looked at, within bounds.
        var frame = try listener.receive(within: max(.zero, wait))
        var count = 0
        while let arrived = frame {
            let peer = PeerID(bytes: arrived.peer.bytes)
            perform(endpoint.receive(arrived.bytes, from: peer, now: now))
            if endpoint.hasSession(peer) { listener.trust(arrived.peer) }
            count += 1
            frame = count < 64 ? try listener.receive(within: .zero) : nil
        }
        for event in listener.takeEvents() {
            switch event {
            case .ended(let peer): perform(endpoint.linkLost(PeerID(bytes: peer.bytes), now: now))
            case .abort(let request, let peer):
                perform(endpoint.abort(request: request, from: PeerID(bytes: peer.bytes), now: now))
            }
        }
        var ended: [ChipWorker.Finished] = []
        for event in worker.takeEvents() {
            switch event {
            case .slice(let job, let slice):
                perform(endpoint.advance(job, slice: slice, now: now))
            case .finished(let finished):
                perform(endpoint.complete(finished.job, result: finished.result, now: now))
                ended.append(finished)
            }
        }
        if let next = endpoint.nextTimeout, next <= now {
            perform(endpoint.timeout(now: now))
        }
        listener.note(isBatchRunning: endpoint.isBusy)
        transmit()
        // A line takes as long to write as a batch's last frames take to make, and nobody waits for it.
        for finished in ended { log(finished) }
    }

    /// Does what the endpoint asks for, but for frames, which wait for `transmit`.
    private mutating func perform(_ actions: [DeviceAction]) {
        for action in actions {
            switch action {
            case .transmit(let frame, let peer): outgoing.append((frame, peer))
            case .execute(let job, let batch, let length):
                worker.start(job, batch, slicesOf: length)
            case .cancel(let job):
                worker.cancel(job)
            case .log(let event): log(event)
            }
        }
    }

    /// Sends the frames that wait, in order.
    ///
    /// Each burst costs both sides several changes of threads, so that answers to requests that came together leave
    /// together, and after the chip has got its work.
    private mutating func transmit() {
        while !outgoing.isEmpty {
            let peer = outgoing[0].peer
            let end = outgoing.firstIndex { $0.peer != peer } ?? outgoing.count
            let frames = outgoing[..<end].map(\.frame)
            outgoing.removeFirst(end)
            do {
                try listener.send(frames, to: LinkPeer(bytes: peer.bytes))
            } catch {
                logger.debug("a link is lost: \(error)")
                perform(endpoint.linkLost(peer, now: now))
            }
        }
    }

    private mutating func log(_ event: DeviceEvent) {
        switch event {
        case .jobAccepted(let label, let batch, _, _): labels[batch] = label
        case .leaseGranted(_, let token): tokens.note(token)
        default: break
        }
        logger.log(level: event.level, "\(event.text)")
    }

    /// Logs a line for a job.
    private mutating func log(_ finished: ChipWorker.Finished) {
        let batch = finished.job.batch
        let client = labels.removeValue(forKey: batch) ?? "unknown client"
        let start = "job: client \"\(client)\", batch \(batch), entries \(finished.entries)"
        switch finished.result {
        case .success(let totals):
            let chip = totals.execution.chipSeconds
            logger.info(
                """
                \(start), events in \(finished.eventsIn), events out \(totals.accounting.delivered), \
                dropped \(totals.accounting.dropped), chip \(Self.milliseconds(chip)) ms, \
                device \(Self.milliseconds(finished.deviceSeconds)) ms
                """)
        case .failure(let error):
            logger.warning("\(start), failed after \(Self.milliseconds(finished.deviceSeconds)) ms: \(error.detail)")
        }
    }

    private func report(_ health: DeviceHealth) {
        logger.notice(
            """
            served \(health.jobsExecuted) jobs with \(health.entriesExecuted) entries \
            (\(health.jobsFailed) failed, \(health.jobsCancelled) cancelled) \
            in \(Self.milliseconds(health.uptime / .seconds(1) / 1_000)) s
            """)
    }

    /// Seconds as milliseconds with three decimals.
    private static func milliseconds(_ seconds: Double) -> Double {
        (seconds * 1_000_000).rounded() / 1_000
    }
}
