public import DeviceTransport
public import Substrate
import WireProtocol

/// A device at the other end of a link: one session, one link at a time, on a thread of its own.
///
/// A lost link is opened again and the session resumed until the patience ends; the caller sees a recording or one
/// error. Between batches a timer keeps the lease, however long the host computes and however busy the thread pool is.
public actor RemoteDevice<Link: Transport & ~Copyable>: SpikingDevice {
    /// Opens a link, trying for no longer than it is told.
    public typealias Opener = @Sendable (Duration) throws(TransportError) -> Link

    /// Where the device is, for messages.
    public nonisolated let name: String
    /// What the link has cost so far.
    public private(set) var linkStatistics = LinkStatistics()

    /// The protocol's version on the link, such as "VP/1.0"; nil before the first contact.
    public var protocolVersion: String? { session.version.map { "VP/\($0.major).\($0.minor)" } }

    let options: RemoteDeviceOptions
    private let open: Opener
    private let thread = LinkThread(label: "volley.device")
    private let executor: BlockingExecutor
    private let host: HostExecutor
    private let sideDoor: SideDoor
    private let origin = ContinuousClock.now
    private var session: HostSession
    private var link: Link?
    private var description: DeviceDescription?
    private var underWay: [UInt64: BatchUnderWay] = [:]
    private var phase = Phase.fresh
    private var trouble: Trouble?
    private var health: DeviceHealth?

    /// Where the client is in its life.
    private enum Phase {
        case fresh
        case started
        case closed
        case failed(DeviceError)
    }

    /// A link that is lost: since when, when to try again, and why.
    private struct Trouble {
        var since: Duration
        var nextAttempt: Duration
        var reason: DeviceError
    }

    /// A client that has not contacted its device yet.
    ///
    /// - Parameters:
    ///   - name: Where the device is, as the user wrote it.
    ///   - open: Opens a link to it.
    public init(named name: String, options: RemoteDeviceOptions, open: @escaping Opener) {
        self.name = name
        self.options = options
        self.open = open
        executor = BlockingExecutor(on: thread)
        host = HostExecutor(on: thread)
        sideDoor = SideDoor(on: thread)
        var random = SystemRandomNumberGenerator()
        var configuration = HostSessionConfiguration(
            runID: options.runID, label: options.label, entropy: (random.next(), random.next()))
        configuration.software = options.software
        configuration.leaseTTL = options.leaseTTL
        configuration.leasePatience = options.leasePatience
        configuration.limits.slots = DeviceBatch.pipelineDepth
        session = HostSession(configuration: configuration)
    }

    /// The thread of the link.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// The thread of the link, too.
    public nonisolated var hostExecutor: (any TaskExecutor)? { host }

    /// Who the device is and what it can do; makes the first contact if there was none.
    public func describe() async throws(DeviceError) -> DeviceDescription {
        try begin()
        while true {
            if let description { return description }
            try step(within: Self.slice(after: .zero))
            try checkCancellation("the description of \(name) was not waited for")
            await sideDoor.pass()
        }
    }

    /// Runs a batch and returns what was measured. Batches of other tasks may be under way at the same time.
    ///
    /// Traps if a batch of the same number is.
    public func run(_ batch: DeviceBatch) async throws(DeviceError) -> Recording {
        let (totals, slices) = try await run(batch, slicesOf: nil, next: { nil }, receive: { _ in })
        return Recording(joining: slices, totals: totals)
    }

    /// Runs a batch and hands its slices on as they come.
    ///
    /// Traps if a batch of the same number is under way.
    /// - Parameters:
    ///   - next: is called on the thread of the link; what it says travels if the link and the device are ready for it.
    ///   - receive: is called on the thread of the link, which answers the device's frames in between.
    public func run(
        _ batch: DeviceBatch, slicesOf length: Int, next: @escaping @Sendable () -> ExpectedInputs?,
        receive: @escaping @Sendable (RecordingSlice) -> Void
    ) async throws(DeviceError) -> RecordingTotals {
        try await run(batch, slicesOf: Optional(length), next: next, receive: receive).totals
    }

    private func run(
        _ batch: DeviceBatch, slicesOf length: Int?, next: () -> ExpectedInputs?,
        receive: @escaping @Sendable (RecordingSlice) -> Void
    ) async throws(DeviceError) -> (totals: RecordingTotals, slices: [RecordingSlice]) {
        try begin()
        underWay[batch.id] = BatchUnderWay(
            entryCount: batch.inputs.entryCount, length: length, receive: receive)
        defer { underWay[batch.id] = nil }
        let start = now
        perform(session.submit(batch, slicesOf: length, now: start))
        linkStatistics.encodingSeconds += (now - start) / .seconds(1)
        expect(next)
        while true {
            if let outcome = underWay[batch.id]?.outcome {
                return (try outcome.get(), underWay[batch.id]?.slices ?? [])
            }
            let waitBegin = now
            let busy = linkStatistics.busySeconds
            try step(within: Self.slice(after: waitBegin - start))
            linkStatistics.waitingSeconds +=
                (now - waitBegin) / .seconds(1) - (linkStatistics.busySeconds - busy)
            if Task.isCancelled { return try await cancel(batch.id) }
            if underWay[batch.id]?.outcome == nil { await sideDoor.pass() }
        }
    }

    /// Sends the inputs of a later batch, if there is one. The device works meanwhile, so that the caller's time is waiting.
    private func expect(_ next: () -> ExpectedInputs?) {
        let begin = now
        let expected = next()
        let known = now
        linkStatistics.waitingSeconds += (known - begin) / .seconds(1)
        guard let expected else { return }
        perform(session.expect(expected, now: known))
        linkStatistics.encodingSeconds += (now - known) / .seconds(1)
    }

    /// The device's counters, and who has its chip.
    public func deviceHealth() async throws(DeviceError) -> DeviceHealth {
        _ = try await describe()
        health = nil
        perform(session.requestHealth(now: now))
        let limit = now + .seconds(5)
        while now < limit {
            if let health { return health }
            try step(within: Self.slice(after: .zero))
            await sideDoor.pass()
        }
        throw DeviceError(.unreachable, "\(name) did not report its health within 5 s")
    }

    /// Ends the session, so that the next client gets the chip at once. Waits at most two seconds for the answer.
    ///
    /// Whatever is called afterwards fails.
    public func close() async {
        if case .started = phase, link != nil {
            perform(session.close(now: now))
            let limit = now + .seconds(2)
            while case .started = phase, link != nil, now < limit {
                guard (try? step(within: .milliseconds(20))) != nil else { break }
                await sideDoor.pass()
            }
        }
        phase = .closed
        dropLink()
        executor.stopTimer()
    }

    private var now: Duration { origin.duration(to: .now) }

    /// How long to block at a time: briefly at first, so that another task's batch can join, then longer.
    private static func slice(after waited: Duration) -> Duration {
        waited < .milliseconds(50) ? .milliseconds(2) : .milliseconds(10)
    }

    /// Makes the first contact, or tells why the client is of no use.
    private func begin() throws(DeviceError) {
        switch phase {
        case .started: return
        case .closed: throw DeviceError(.unavailable, "the session with \(name) was closed")
        case .failed(let error): throw error
        case .fresh: break
        }
        do {
            link = try open(options.contactPatience)
            thread.wake(by: link?.wake)
        } catch {
            throw DeviceError(contact: error)
        }
        phase = .started
        trouble = Trouble(
            since: now, nextAttempt: now,
            reason: DeviceError(.unreachable, "\(name) accepts connections but does not answer"))
        executor.startTimer(every: .milliseconds(250)) { [weak self] in
            self?.assumeIsolated { $0.tendIdleLink() }
        }
        perform(session.start(now: now))
    }

    /// Takes what has come, or waits for it; does what is due.
    private func step(within limit: Duration) throws(DeviceError) {
        if case .failed(let error) = phase { throw error }
        if link == nil {
            try reopen(within: limit)
        } else {
            var wait = limit
            if let next = session.nextTimeout { wait = min(wait, max(.zero, next - now)) }
            takeFrames(within: wait)
            if let next = session.nextTimeout, next <= now { perform(session.timeout(now: now)) }
            try checkPatience()
        }
        if case .failed(let error) = phase { throw error }
    }

    /// Takes frames that have arrived, waiting for the first.
    private func takeFrames(within limit: Duration) {
        var wait = limit
        for _ in 0..<64 {
            do {
                let frame = try thread.wait(within: wait) { (wait) throws(TransportError) in
                    try link?.receive(within: wait)
                }
                guard let frame else { return }
                let begin = now
                let consumed = linkStatistics.consumingSeconds
                perform(session.receive(frame, now: begin))
                linkStatistics.decodingSeconds +=
                    (now - begin) / .seconds(1) - (linkStatistics.consumingSeconds - consumed)
                wait = .zero
            } catch {
                linkBroke(error)
                return
            }
        }
    }

    /// Does what the session asks for. Frames that follow one another leave together.
    private func perform(_ actions: [HostAction]) {
        var frames: [[UInt8]] = []
        for action in actions {
            if case .transmit = action {} else { transmit(&frames) }
            switch action {
            case .transmit(let frame): frames.append(frame)
            case .describe(let description): self.description = description
            case .ready:
                if linkStatistics.reconnections > 0, trouble != nil {
                    options.notice("the link to \(name) is back")
                }
                trouble = nil
            case .slice(let slice, let batch):
                let begin = now
                underWay[batch]?.take(slice)
                linkStatistics.consumingSeconds += (now - begin) / .seconds(1)
            case .deliver(let totals, let report):
                record(report)
                underWay[totals.batch]?.outcome = .success(totals)
            case .fail(let error, let batch?):
                underWay[batch]?.outcome = .failure(error)
            case .fail(let error, nil):
                phase = .failed(error)
                dropLink()
            case .reconnect(let delay, let error):
                loseLink(reason: error, retryAfter: delay)
            case .health(let health):
                self.health = health
            case .goAway(let reason):
                options.notice("\(name) is about to leave: \(reason)")
            case .closed:
                phase = .closed
                dropLink()
            }
        }
        transmit(&frames)
    }

    private func transmit(_ frames: inout [[UInt8]]) {
        guard !frames.isEmpty else { return }
        do { try link?.send(frames) } catch { linkBroke(error) }
        frames = []
    }

    private func record(_ report: LinkReport) {
        linkStatistics.batches += 1
        linkStatistics.bytesOut += report.bytesOut
        linkStatistics.bytesIn += report.bytesIn
        linkStatistics.repetitions += report.attempts - 1
        linkStatistics.duplicates += report.duplicate ? 1 : 0
    }

    private func linkBroke(_ error: TransportError) {
        loseLink(
            reason: DeviceError(.linkLost, "\(name): \(error.detail)"), retryAfter: .milliseconds(50))
    }

    private func loseLink(reason: DeviceError, retryAfter delay: Duration) {
        guard link != nil else { return }
        dropLink()
        let since = trouble?.since ?? now
        if trouble == nil {
            options.notice(
                "the link to \(name) is lost (\(reason.detail)); trying again for \(options.linkPatience)")
        }
        trouble = Trouble(since: since, nextAttempt: now + delay, reason: reason)
    }

    private func dropLink() {
        thread.wake(by: nil)
        link.take()?.close()
    }

    /// Tries to open a fresh link when it is time to; blocks for no longer than the limit, and 100 ms.
    private func reopen(within limit: Duration) throws(DeviceError) {
        try checkPatience()
        if let trouble, trouble.nextAttempt > now {
            BlockingWait.sleep(min(limit, trouble.nextAttempt - now))
            return
        }
        do {
            link = try open(.milliseconds(100))
            thread.wake(by: link?.wake)
        } catch {
            trouble?.nextAttempt = now + .milliseconds(100)
            return
        }
        linkStatistics.reconnections += 1
        perform(session.linkReset(now: now))
    }

    /// Fails the client when the link has been lost for too long, or is known not to come back.
    private func checkPatience() throws(DeviceError) {
        guard let trouble else { return }
        // Without a description there never was a session: this is still the first contact.
        let patience = description == nil ? options.contactPatience : options.linkPatience
        let failure: DeviceError
        if link == nil, let verdict = options.verdict() {
            failure = verdict
        } else if now - trouble.since > patience {
            failure = DeviceError(
                trouble.reason.code,
                "no session with \(name) for \(patience): \(trouble.reason.detail)",
                remedy: trouble.reason.remedy ?? DeviceError.restartRemedy)
        } else {
            return
        }
        phase = .failed(failure)
        dropLink()
        throw failure
    }

    /// Keeps the session alive while no batch is under way: answers, renews, and notices a lost link.
    private func tendIdleLink() {
        guard case .started = phase, link != nil, underWay.isEmpty else { return }
        takeFrames(within: .zero)
        if let next = session.nextTimeout, next <= now { perform(session.timeout(now: now)) }
    }

    private func checkCancellation(_ what: String) throws(DeviceError) {
        if Task.isCancelled { throw DeviceError(.cancelled, what) }
    }

    /// Gives a batch up, and waits a moment for the device's word, so that the next batch finds it in order.
    private func cancel(
        _ batch: UInt64
    ) async throws(DeviceError) -> (totals: RecordingTotals, slices: [RecordingSlice]) {
        perform(session.cancel(batch: batch, now: now))
        let limit = now + .seconds(2)
        while now < limit, link != nil {
            if let outcome = underWay[batch]?.outcome {
                return (try outcome.get(), underWay[batch]?.slices ?? [])
            }
            try step(within: .milliseconds(10))
            await sideDoor.pass()
        }
        throw DeviceError(.cancelled, "batch \(batch) was cancelled")
    }
}
