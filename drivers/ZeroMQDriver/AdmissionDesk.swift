import DeviceTransport
import Dispatch
import Synchronization

/// Answers libzmq's question, for each connection of a context, whether its client's key is let in (ZeroMQ RFC 27, ZAP).
final class AdmissionDesk: Sendable {
    private let stop: WakeUp

    /// Opens the desk of a context, on a thread of its own; before the first socket of the context is bound.
    init(admitting clients: Set<CurveKey>, in context: ZeroMQContext) throws(TransportError) {
        let stop = try WakeUp()
        self.stop = stop
        let socket = try ZeroMQSocket(.answerer, in: context)
        try socket.bind("inproc://zeromq.zap.01")
        let box = Mutex<ZeroMQSocket?>(socket)
        DispatchQueue(label: "volley.admission").async {
            guard let socket = box.withLock({ $0.take() }) else { return }
            while let ready = try? socket.wait(for: .readable, within: .seconds(3_600), or: stop),
                !ready.contains(.woken)
            {
                while let question = Self.message(of: socket) {
                    Self.answer(question, admitting: clients, on: socket)
                }
            }
        }
    }

    deinit { stop.signal() }

    /// All parts of the next message; nil when there is none.
    private static func message(of socket: borrowing ZeroMQSocket) -> [[UInt8]]? {
        guard let first = try? socket.receive() else { return nil }
        var parts = [first.bytes]
        var more = first.more
        while more, let part = try? socket.receive() {
            parts.append(part.bytes)
            more = part.more
        }
        return parts
    }

    /// Parts of a question: version, number, domain, address, identity, mechanism, the client's key.
    private static func answer(
        _ question: [[UInt8]], admitting clients: Set<CurveKey>, on socket: borrowing ZeroMQSocket
    ) {
        guard question.count >= 6 else { return }
        let isKnown =
            question.count == 7 && question[5] == Array("CURVE".utf8)
            && CurveKey(bytes: question[6]).map(clients.contains) == true
        let answer = [
            Array("1.0".utf8), question[1], Array((isKnown ? "200" : "400").utf8),
            Array((isKnown ? "" : "unknown key").utf8), [], [],
        ]
        for (index, part) in answer.enumerated() {
            _ = try? socket.send(part, more: index + 1 < answer.count)
        }
    }
}
