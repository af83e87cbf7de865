public import Substrate

/// The host's side of VP/1 as a value: frames, time and wishes in, actions out (`protocol/SPEC.md`, section 10).
///
/// It re-sends what a lost link or a restarted device has lost, and hands every recording out once. The shell carries
/// out the actions in order, and passes on all frames that have arrived before it calls `timeout`.
public struct HostSession: Sendable {
    /// Where the link is.
    enum Phase: Sendable, Hashable {
        /// `start` was not called.
        case idle
        /// HELLO, OPEN or DESCRIBE is unanswered; the time is the limit.
        case handshake(until: Duration)
        /// Batches flow.
        case ready
        /// Waiting for `linkReset`.
        case down
        /// CLOSE is unanswered; the time is the limit.
        case closing(until: Duration)
        /// Over.
        case ended
    }

    /// Where the lease is.
    enum Lease: Sendable, Hashable {
        /// We do not have it.
        case none
        /// ACQUIRE is unanswered.
        case asked
        /// Somebody else has it; we ask again at this time.
        case waiting(until: Duration)
        /// We have it; the device confirmed it at a time not before `confirmed`.
        case held(token: UInt32, ttl: Duration, confirmed: Duration, renewing: Bool)
    }

    let configuration: HostSessionConfiguration
    var phase = Phase.idle
    var framing: LinkFraming
    var agreed: WireLimits
    var nonceCount: UInt64 = 0
    var nonce: [UInt8] = []
    var lastRequest: UInt64 = 0
    var requests: [UInt64: OutstandingRequest] = [:]
    var session: (id: UInt64, token: [UInt8])?
    var boot: UInt64?
    /// Major and minor version that the device chose; nil before its first HELLO reply.
    public internal(set) var version: (major: UInt32, minor: UInt32)?
    /// The boot id whose DESCRIBE we have checked.
    var describedBoot: UInt64?
    var description: DeviceDescription?
    var lease = Lease.none
    /// Since when others have kept us waiting for the lease.
    var leaseAskedSince: Duration?
    var chip = ChipKnowledge()
    var pending: [PendingBatch] = []
    var staged: StagedInputs?
    /// The EXECUTEs of batches that were given up at their deadline, and until when the device may take to end them: their
    /// slots are not free before (CRD-002).
    var givenUp: [UInt64: Duration] = [:]
    var encodedConfiguration: (value: ChipConfiguration, payload: [UInt8], hash: [UInt8])?
    var lastSent = Duration.zero
    var lastReceived = Duration.zero
    var pingSent: Duration?
    var creditGranted: UInt64 = 0
    var creditUsed: UInt64 = 0
    /// The number of the last EXECUTE whose result was handed out, and what was told to the device of it.
    var delivered: (through: UInt64, acknowledged: UInt64) = (0, 0)
    var deliveredAt = Duration.zero
    var linkFailures = 0
    /// Messages that broke the protocol, since a batch was last delivered.
    var violations = 0
    var isDeviceLeaving = false

    /// A session that has not started.
    public init(configuration: HostSessionConfiguration) {
        self.configuration = configuration
        framing = LinkFraming(limits: configuration.limits)
        agreed = configuration.limits
    }

    /// Whether the session is open, so that batches flow.
    public var isReady: Bool { phase == .ready }

    /// Batches that are neither delivered nor failed.
    public var pendingBatches: [UInt64] { pending.map(\.batch.id) }

    /// Begins the handshake on the first link. Traps if it has begun.
    public mutating func start(now: Duration) -> [HostAction] {
        precondition(phase == .idle, "the session has been started before")
        return linkReset(now: now)
    }

    /// The shell has opened a fresh link: says HELLO on it.
    public mutating func linkReset(now: Duration) -> [HostAction] {
        if case .ended = phase { return [] }
        forgetLink()
        framing = LinkFraming(limits: configuration.limits)
        lastReceived = now
        phase = .handshake(until: now + configuration.handshakeTimeout)
        return sendHello(now: now)
    }

    /// Queues a batch; it is sent as soon as the session is open, has the lease, and a slot is free.
    ///
    /// Traps if a batch of this number is still under way, or `slicesOf` is below one.
    /// - Parameter slicesOf: how many entries its slices have, if that matters; a divisor of it where those would be too
    ///   long to send.
    public mutating func submit(
        _ batch: DeviceBatch, slicesOf length: Int? = nil, now: Duration
    ) -> [HostAction] {
        precondition(
            !pending.contains { $0.batch.id == batch.id },
            "batch \(batch.id) is submitted while batch \(batch.id) is under way")
        if case .ended = phase {
            return [.fail(DeviceError(.unreachable, "the session is closed"), batch: batch.id)]
        }
        if let flaw = batch.flaw {
            return [.fail(DeviceError(.invalidRequest, "batch \(batch.id): \(flaw)"), batch: batch.id)]
        }
        let (payload, hash) = encode(batch.configuration)
        let checksum =
            batch.synapses.codes == chip.image
            ? chip.imageChecksum : CRC32C.checksum(image: batch.synapses.codes)
        pending.append(
            PendingBatch(
                batch, configuration: payload, configurationHash: hash, imageChecksum: checksum,
                staged: staged, sliceLength: length, chunkEntries: chunkEntries(of: batch, slicesOf: length), now: now))
        return pump(now: now)
    }

    /// Entries of a chunk: a divisor of what is wanted that surely fits into a frame, or what makes the usual length; well
    /// below the message limit (HEL-005), for the number of spikes is a guess.
    func chunkEntries(of batch: DeviceBatch, slicesOf length: Int?) -> Int {
        let codes = batch.configuration.sampleCount * batch.observables.membranes.count
        // A spike for each neuron is a generous guess.
        let spikes = batch.observables.spikes ? 4 * batch.configuration.neuronCount : 0
        // Divisors are coarse, so that they may give longer ones; still, while one travels the chip runs the next.
        let wanted = length == nil ? configuration.chunkBytes : min(2 * configuration.chunkBytes, agreed.framePayload)
        let bytes = min(wanted, agreed.message / 2)
        let most = max(1, bytes / (codes + spikes + 64))
        guard let length else { return most }
        return (1...min(length, most)).last { length.isMultiple(of: $0) } ?? 1
    }

    /// Gives up a batch; ends in `deliver` if its result was already there, else in `fail`.
    public mutating func cancel(batch: UInt64, now: Duration) -> [HostAction] {
        guard let index = pending.firstIndex(where: { $0.batch.id == batch }) else { return [] }
        guard !pending[index].cancelRequested else { return [] }
        guard pending[index].wasSent else {
            pending.remove(at: index)
            return [.fail(Self.cancelled(batch), batch: batch)]
        }
        pending[index].cancelRequested = true
        guard isReady else { return [] }
        return sendCancel(batch, now: now)
    }

    /// Asks for the device's counters; answered by `.health`, or not at all while the session is not open.
    public mutating func requestHealth(now: Duration) -> [HostAction] {
        guard isReady else { return [] }
        return request(.get, .health, now: now)
    }

    /// Ends the session and frees the chip; ends in `.closed`, within the handshake time limit.
    public mutating func close(now: Duration) -> [HostAction] {
        var actions = failAll(DeviceError(.cancelled, "the session was closed"))
        guard isReady else {
            if case .ended = phase { return actions }
            phase = .ended
            return actions + [.closed]
        }
        actions += acknowledge(now: now)
        actions += request(.close, .close, now: now)
        phase = .closing(until: now + configuration.handshakeTimeout)
        return actions
    }

    /// The CONFIGURE payload and its hash, encoded once as long as it does not change.
    mutating func encode(
        _ configuration: ChipConfiguration
    ) -> (payload: [UInt8], hash: [UInt8]) {
        if let last = encodedConfiguration, last.value == configuration {
            return (last.payload, last.hash)
        }
        let payload = ControlCodec.encode(PBConfigure(configuration))
        let hash = ContentHash.configuration(payload)
        encodedConfiguration = (configuration, payload, hash)
        return (payload, hash)
    }

    static func cancelled(_ batch: UInt64) -> DeviceError {
        DeviceError(.cancelled, "batch \(batch) was cancelled")
    }
}
