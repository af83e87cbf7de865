public import Substrate

/// A device's side of VP/1 as a value, for all its clients: frames, time and finished jobs in, actions out
/// (`protocol/SPEC.md`, section 10).
///
/// It owns the lease, the sessions, the state of the chip as far as the wire sees it, and the results that are not
/// acknowledged. Batches are run by the shell, one after the other.
public struct DeviceEndpoint: Sendable {
    /// A link that has tried to say HELLO.
    struct Link: Sendable {
        var framing: LinkFraming
        /// Whether HELLO was granted; from there on the framing has the agreed limits.
        var isGreeted = false
        /// The number of the last HELLO or OPEN.
        var lastRequest: UInt64 = 0
        /// The session that the link carries, once OPEN is answered.
        var session: UInt64?
        var lastHeard: Duration
    }

    /// A client, as long as it is remembered.
    struct Session: Sendable {
        let id: UInt64
        let token: [UInt8]
        let run: RunID
        var label: String
        /// The link that it is on; `nil` when that is lost.
        var peer: PeerID?
        var lastHeard: Duration
        var isDetached = false
        var lastRequest: UInt64 = 0
        /// Inputs by slot, with the hash of their block.
        var slots: [Int: Staged] = [:]
        /// The results that are due on its link, in order: an EXECUTE waits for its final response as long as its stream is
        /// here.
        var outbox: [Stream] = []
        /// The chunk that is half sent.
        var begun: BegunChunk?
        var creditGranted: UInt64 = 0
        var creditUsed: UInt64 = 0
    }

    /// Inputs that wait for EXECUTE.
    struct Staged: Sendable {
        var inputs: SpikeTrains
        var block: ArraySlice<UInt8>
    }

    /// A result on its way to a client, from the first chunk to DONE; it waits where the chip is not so far.
    struct Stream: Sendable {
        let ticket: UInt64
        let request: UInt64
        let isDuplicate: Bool
        var chunk = 0
    }

    /// A chunk in several frames, not all of which are sent: it goes on to its end whatever becomes of its batch, since
    /// the channel's next message could not be told from it (FRM-011).
    struct BegunChunk: Sendable {
        let header: FrameHeader
        let payload: ArraySlice<UInt8>
        var fragment = 0
    }

    /// Who may write to the chip.
    struct Lease: Sendable {
        let token: UInt32
        let session: UInt64
        let label: String
        let granted: Duration
        var ttl: Duration
        var expires: Duration
    }

    /// What is written on the chip, as far as the wire sees it.
    struct Chip: Sendable {
        var configuration: ChipConfiguration?
        var configurationHash: [UInt8] = []
        var epoch: UInt32 = 0
        var image: [Int8] = []
        var imageChecksum: UInt32 = 0
        /// The image that COMMIT makes the current one.
        var shadow: (image: [Int8], epoch: UInt32, checksum: UInt32, changed: Int)?
    }

    /// A batch that waits, runs, or has run.
    struct Job: Sendable {
        /// Where a batch is.
        enum State: Sendable, Hashable {
            case queued
            /// With the shell, which runs it or is about to.
            case out
            /// With the shell, but nobody wants the result.
            case abandoned
            case done
        }

        let key: JobKey
        let contentHash: [UInt8]
        let configurationHash: [UInt8]
        let imageChecksum: UInt32
        let shape: ResultShape
        var session: UInt64
        /// The EXECUTE that the result answers.
        var request: UInt64
        var state = State.queued
        /// What to run, until it has run.
        var batch: DeviceBatch?
        /// The RESULT payloads, as far as they are known.
        var chunks: [FramedPayload] = []
        /// The DONE payload.
        var done: [UInt8] = []
    }

    let configuration: DeviceEndpointConfiguration
    let started: Duration
    var links: [PeerID: Link] = [:]
    var sessions: [UInt64: Session] = [:]
    var lease: Lease?
    var lastToken: UInt32
    var chip = Chip()
    var jobs: [Job] = []
    var lastTicket: UInt64 = 0
    var sessionCount: UInt64 = 0
    var counters = DeviceHealth()
    var leaving: String?

    /// An endpoint of a device that has just started.
    public init(configuration: DeviceEndpointConfiguration, now: Duration) {
        self.configuration = configuration
        started = now
        lastToken = configuration.firstFencingToken &- 1
    }

    /// Whether a job is out, or waits.
    public var isBusy: Bool { jobs.contains { $0.state != .done } }

    /// Whether results that are complete are still to be sent on a link.
    public var isSending: Bool {
        sessions.values.contains { session in
            session.peer != nil
                && session.outbox.contains { stream in
                    jobs.contains { $0.key.ticket == stream.ticket && $0.state == .done }
                }
        }
    }

    /// The counters.
    public func health(now: Duration) -> DeviceHealth {
        var health = counters
        health.uptime = now - started
        health.sessions = sessions.count
        health.jobsQueued = jobs.count { $0.state != .done }
        health.resultsKept = jobs.count { $0.state == .done }
        health.holder = holder(now: now)
        return health
    }

    /// Takes a frame that arrived on a link.
    public mutating func receive(
        _ frame: [UInt8], from peer: PeerID, now: Duration
    ) -> [DeviceAction] {
        counters.framesReceived += 1
        var actions = expire(now: now)
        do {
            let parsed = try Frame(parsing: frame, limits: limits(of: peer))
            actions += try receive(parsed, from: peer, now: now)
        } catch {
            if error.code == .badHeaderChecksum || error.code == .badPayloadChecksum {
                counters.checksumErrors += 1
            }
            actions += endLink(peer, error.status, "\(error)", offset: error.offset)
        }
        return counted(actions)
    }

    /// Counts the frames that are sent.
    mutating func counted(_ actions: [DeviceAction]) -> [DeviceAction] {
        counters.framesSent += actions.reduce(0) {
            if case .transmit = $1 { $0 + 1 } else { $0 }
        }
        return actions
    }

    /// A frame for this link could not be sent: the link is forgotten, its session waits to be resumed.
    public mutating func linkLost(_ peer: PeerID, now: Duration) -> [DeviceAction] {
        guard let link = links.removeValue(forKey: peer), let id = link.session else { return [] }
        return detach(id)
    }

    /// Tells all clients that the device is about to leave and takes no further batches; a running job may finish.
    public mutating func goAway(reason: String, now: Duration) -> [DeviceAction] {
        leaving = reason
        var notice = PBGoAway()
        notice.reason = reason
        var actions: [DeviceAction] = []
        for peer in links.keys.sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) {
            var header = FrameHeader(type: MessageType.goAway.rawValue)
            header.session = links[peer]?.session ?? 0
            actions += send(header, payload: ControlCodec.encode(notice), to: peer)
        }
        return actions
    }
}
