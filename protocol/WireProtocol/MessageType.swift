/// The types of messages and their codes (`protocol/SPEC.md`, section 5).
public enum MessageType: UInt8, Sendable, Hashable, CaseIterable {
    /// Versions, features, limits; the first message of a link.
    case hello = 0x01
    /// Starts or resumes a session.
    case open = 0x02
    /// Ends a session and frees all that it holds.
    case close = 0x03
    /// Asks for a sign of life.
    case ping = 0x04
    /// Grants bytes of results.
    case credit = 0x05
    /// Gives up a batch.
    case cancel = 0x06
    /// Says that the device is about to leave.
    case goAway = 0x07
    /// Ends a link with a reason.
    case error = 0x08
    /// Asks for the lease.
    case acquire = 0x10
    /// Extends the lease.
    case renew = 0x11
    /// Gives the lease back.
    case release = 0x12
    /// Asks who has the lease.
    case query = 0x13
    /// Asks who the device is and what it can do.
    case describe = 0x20
    /// Writes everything but the weights.
    case configure = 0x21
    /// Writes weights into the shadow image.
    case weights = 0x25
    /// Makes the shadow image the current one.
    case commit = 0x26
    /// Fills an input slot.
    case stage = 0x30
    /// Runs a staged batch, or fetches its result.
    case execute = 0x31
    /// A chunk of a result.
    case result = 0x32
    /// The end of a result.
    case done = 0x33
    /// Frees results.
    case ack = 0x34
    /// Asks what the device holds of the run.
    case list = 0x35
    /// Asks for the counters.
    case get = 0x40
    /// The counters.
    case report = 0x42

    /// Whether a request of this type carries the fencing token and is refused without it.
    package var needsLease: Bool {
        switch self {
        case .renew, .configure, .weights, .commit, .stage, .execute: true
        case .hello, .open, .close, .ping, .credit, .cancel, .goAway, .error, .acquire, .release,
            .query, .describe, .result, .done, .ack, .list, .get, .report:
            false
        }
    }

    /// Whether messages of this type are bulk data: longer than a control message, on the data channel.
    package var isBulk: Bool {
        switch self {
        case .weights, .stage, .result: true
        case .hello, .open, .close, .ping, .credit, .cancel, .goAway, .error, .acquire, .renew,
            .release, .query, .describe, .configure, .commit, .execute, .done, .ack, .list, .get,
            .report:
            false
        }
    }

    /// Whether a message of this type is told, not asked: it gets no response.
    package var isNotice: Bool {
        switch self {
        case .credit, .ack, .goAway, .error: true
        case .hello, .open, .close, .ping, .cancel, .acquire, .renew, .release, .query, .describe,
            .configure, .weights, .commit, .stage, .execute, .result, .done, .list, .get, .report:
            false
        }
    }
}
