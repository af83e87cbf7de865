import WireProtocol

/// A frame on its way through a relay: a whole message in one frame, taken apart.
struct RelayFrame: Sendable {
    var header: FrameHeader
    var payload: [UInt8]
    /// Length of the payload as it came; where it still has that, the total stays as it was, right or wrong.
    private let formerLength: Int

    /// Takes a frame apart; `nil` for a fragment, and for what is no frame.
    init?(_ bytes: [UInt8]) {
        guard let frame = try? Frame(parsing: bytes, limits: WireLimits()), frame.header.fragmentCount == 1 else {
            return nil
        }
        header = frame.header
        payload = Array(frame.payload)
        formerLength = payload.count
    }

    /// A frame of the relay's own.
    init(_ type: MessageType, payload: [UInt8] = []) {
        header = FrameHeader(type: type.rawValue)
        header.totalLength = UInt32(payload.count)
        self.payload = payload
        formerLength = payload.count
    }

    /// Its type, where that is known.
    var type: MessageType? { MessageType(rawValue: header.type) }

    /// The bytes, lengths and checksums as the payload has them.
    var encoded: [UInt8] {
        var header = header
        if payload.count != formerLength { header.totalLength = UInt32(payload.count) }
        return Frame.encode(header, payload: payload[...])
    }

    /// Changes the control message that the payload holds.
    mutating func edit(_ change: (inout ProtobufFields) -> Void) {
        guard var fields = try? ProtobufFields(parsing: payload) else { return }
        change(&fields)
        payload = fields.encoded()
    }

    /// The control message that the payload holds; without fields where it is none.
    var fields: ProtobufFields { (try? ProtobufFields(parsing: payload)) ?? ProtobufFields() }

    /// Gives a response another status.
    mutating func fail(_ status: WireStatus) {
        var fault = ProtobufFields()
        fault.add(1, "the mutant says so")
        header.status = status
        header.flags = [.response, .final]
        header.channel = .control
        payload = fault.encoded()
    }

    /// The response that the relay gives in the device's stead.
    func response(_ payload: [UInt8] = []) -> RelayFrame {
        var answer = self
        answer.header.flags = [.response, .final]
        answer.header.token = 0
        answer.header.deadline = 0
        answer.header.channel = .control
        answer.payload = payload
        return answer
    }
}

/// What a relay knows of a link.
struct RelayLink: Sendable {
    /// Number that the host's next frame should have.
    var nextFromHost: UInt64 = 0
    /// Number of the next frame to the device.
    var nextToDevice: UInt64 = 0
    /// Number of the next frame to the host.
    var nextToHost: UInt64 = 0
    /// Requests so far.
    var lastRequest: UInt64 = 0
    /// The session, once OPEN is answered.
    var session: UInt64 = 0
    /// Number of the OPEN that put the session here.
    var home = 0
    /// The token that ACQUIRE gave on this link.
    var token: UInt32 = 0
    /// The last CONFIGURE payload.
    var configuration: [UInt8] = []
    /// Whether HELLO was answered.
    var isGreeted = false
    /// Requests by number, so that responses can be told apart.
    var requests: [UInt64: RelayFrame] = [:]
    /// Request numbers that the relay has changed, from the device's to the host's.
    var renamed: [UInt64: UInt64] = [:]
    /// Bytes of credit that the host has granted in all, by a wrong sum.
    var credit: UInt64 = 0
    /// The first fragment of a message that is being sent to the device.
    var begun: FrameHeader?
    /// EXECUTEs that have ended with CANCELLED.
    var cancelled: Set<UInt64> = []
    /// Whether EXECUTE was refused since the last STAGE.
    var hasRefusedExecute = false
    /// Checksums of the chunks of a result, by request.
    var checksums: [UInt64: [UInt8]] = [:]
}
