public import ChipEmulator
public import DeviceTransport
import Glibc
public import Logging
package import Substrate
import WireProtocol

/// Serves one chip to the clients of one listener: a loop that turns frames, finished jobs and time into actions.
///
/// Its thread leads the chip's: between two entries of a batch, which take less than clients notice, it answers them. So
/// no thread has to be woken between a frame and its batch, or between a batch and its results.
public struct ChipServer<Link: Listener & ~Copyable>: ~Copyable {
    private var listener: Link
    private var endpoint: DeviceEndpoint
    private var tokens: FencingTokens
    private let chip: ChipRunner
    private let options: DeviceServerOptions
    private let stop: ServerStop
    private let logger: Logger
    private let origin: ContinuousClock.Instant
    private var labels: [UInt64: String] = [:]
    private var outgoing: [(frame: [UInt8], peer: PeerID)] = []
    /// Jobs that the chip has not begun.
    private var waiting: [ChipJob] = []
    /// The job that the chip runs.
    private var running: ChipJob?
    /// The job before it, whose end is still to be told.
    private var ended: EndedJob?
    private var schedule = PacedSchedule()
    /// When jobs are given up, once a stop was asked for.
    private var stopEnd: Duration?
    private var hasGivenUp = false

    /// A server of an emulated chip.
    public init(
        _ chip: EmulatedChip, on listener: consuming Link, options: DeviceServerOptions,
        stop: ServerStop, logger: Logger
    ) {
        let chip = ChipBox(chip)
        self.init(
            description: chip.description, on: listener, options: options, stop: stop,
            logger: logger, flaw: chip.flaw, run: { chip.run($0, slicesOf: $1, attend: $2) })
    }

    /// A server of anything that runs batches; `run` is called on the server's thread. `flaw` says why a network cannot run,
    /// and may be called meanwhile.
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
        chip = run
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
        while stopEnd == nil { try serve(atMost: .seconds(1)) }
        // What is given up ends at once.
        while endpoint.isBusy { try serve(atMost: .seconds(1)) }
        let end = now + options.farewell
        while now < end, endpoint.isSending || endpoint.health(now: now).resultsKept > 0 {
            try serve(atMost: end - now)
        }
        report(endpoint.health(now: now))
        listener.close()
    }

    private var now: Duration { origin.duration(to: .now) }

    /// Waits for something to happen, acts on it, and runs the next job, if there is one.
    private mutating func serve(atMost limit: Duration) throws(TransportError) {
        if waiting.isEmpty || isHeld { try attend(atMost: limit) }
        if options.mode == .paced, !isHeld { tellEnd() }
        // Answers leave when the chip has begun, and so does the end of the job before.
        if !waiting.isEmpty, !isHeld { try run(waiting.removeFirst()) }
        if waiting.isEmpty, !isHeld { tellEnd() }
        transmit()
    }

    /// Whether results are there before the real chip would give them, which is busy until then.
    private var isHeld: Bool { ended.map { $0.release > now } ?? false }

    /// Waits for something to happen, and acts on it.
    private mutating func attend(atMost limit: Duration) throws(TransportError) {
        let start = now
        var wait = limit
        let giveUp = endpoint.isBusy && !hasGivenUp ? stopEnd : nil
        for time in [endpoint.nextTimeout, ended?.release, giveUp] {
            if let time { wait = min(wait, max(.zero, time - start)) }
        }
        // After a first frame the queue is emptied before anything else is looked at, within bounds.
        var frame = try listener.receive(within: wait)
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
        if let next = endpoint.nextTimeout, next <= now {
            perform(endpoint.timeout(now: now))
        }
        lookForStop()
        listener.note(isBatchRunning: endpoint.isBusy)
    }

    /// Tells clients of a stop once it was asked for, and gives up what takes too long afterwards.
    private mutating func lookForStop() {
        if let stopEnd {
            guard now >= stopEnd, endpoint.isBusy, !hasGivenUp else { return }
            logger.warning("a job did not finish within \(options.stopLimit) and is given up")
            hasGivenUp = true
            if isHeld { ended?.cancel() }
        } else if let reason = stop.reason {
            logger.notice("stopping: \(reason)")
            perform(endpoint.goAway(reason: reason, now: now))
            stopEnd = now + options.stopLimit
        }
    }

    /// Runs a job, and answers clients meanwhile.
    private mutating func run(_ job: ChipJob) throws(TransportError) {
        let start = job.wasWaiting ? now : job.given
        running = job
        // A paced chip hands everything out when the real one would be through: all its slices wait.
        var held: [RecordingSlice] = []
        var failure: TransportError?
        var result: Result<RecordingTotals, DeviceError>
        if job.isUnwanted || hasGivenUp {
            result = .failure(job.cancellation)
        } else {
            let chip = chip
            result = chip(job.batch, job.sliceLength) { slice in
                tellEnd()
                if let slice {
                    // The end follows the last slice at once, and both are told together.
                    let isLast = slice.entries.upperBound == job.batch.inputs.entryCount
                    guard options.mode == .fast, !isLast else {
                        held.append(slice)
                        return true
                    }
                    perform(endpoint.advance(job.key, slice: slice, now: now))
                }
                do throws(TransportError) { try attend(atMost: .zero) } catch { failure = error }
                transmit()
                return failure == nil && running?.isUnwanted == false && !hasGivenUp
            }
        }
        tellEnd()
        running = nil
        var release = now
        if options.mode == .paced, case .success(let totals) = result {
            release = schedule.release(
                start: start, wasWaiting: job.wasWaiting, computed: release,
                chipSeconds: totals.execution.chipSeconds)
        }
        let seconds = (release - start) / .seconds(1)
        if case .success(var totals) = result {
            totals.execution.deviceSeconds = seconds
            result = .success(totals)
        }
        ended = EndedJob(job: job, slices: held, result: result, deviceSeconds: seconds, release: release)
        if let failure { throw failure }
    }

    /// Tells what became of the job that the chip is through with, if there is one.
    private mutating func tellEnd() {
        guard let last = ended.take() else { return }
        for slice in last.slices { perform(endpoint.advance(last.job.key, slice: slice, now: now)) }
        perform(endpoint.complete(last.job.key, result: last.result, now: now))
        listener.note(isBatchRunning: endpoint.isBusy)
        transmit()
        // A line takes as long to write as a batch's last frames take to make, and nobody waits for it.
        log(last)
    }

    /// Ends a job as soon as that is possible; its result is not wanted.
    private mutating func cancel(_ key: JobKey) {
        if let index = waiting.firstIndex(where: { $0.key == key }) { waiting[index].isUnwanted = true }
        if running?.key == key { running?.isUnwanted = true }
        if ended?.job.key == key { ended?.cancel() }
    }

    /// Does what the endpoint asks for, but for frames, which wait for `transmit`.
    private mutating func perform(_ actions: [DeviceAction]) {
        for action in actions {
            switch action {
            case .transmit(let frame, let peer): outgoing.append((frame, peer))
            case .execute(let key, let batch, let length):
                let isFirst = waiting.isEmpty && running == nil && ended == nil
                waiting.append(
                    ChipJob(key: key, batch: batch, sliceLength: length, given: now, wasWaiting: !isFirst))
            case .cancel(let key):
                cancel(key)
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
    private mutating func log(_ ended: EndedJob) {
        let batch = ended.job.batch
        let client = labels.removeValue(forKey: batch.id) ?? "unknown client"
        let start = "job: client \"\(client)\", batch \(batch.id), entries \(batch.inputs.entryCount)"
        switch ended.result {
        case .success(let totals):
            let chip = totals.execution.chipSeconds
            logger.info(
                """
                \(start), events in \(batch.inputs.eventCount), events out \(totals.accounting.delivered), \
                dropped \(totals.accounting.dropped), chip \(Self.milliseconds(chip)) ms, \
                device \(Self.milliseconds(ended.deviceSeconds)) ms
                """)
        case .failure(let error):
            logger.warning("\(start), failed after \(Self.milliseconds(ended.deviceSeconds)) ms: \(error.detail)")
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
