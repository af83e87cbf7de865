public import DeviceTransport
import WireProtocol

/// The asking end of a link that is a pair of byte streams, such as a serial line or the pipes of a program.
public struct StreamTransport: Transport, ~Copyable {
    private var stream: ByteStream
    private let wakeUp: WakeUp
    private var cutter: StreamCutter
    private let name: String
    private let patience: Duration
    private var hasEnded = false

    /// Takes over two open descriptors, which may be the same one, and closes them at the end.
    ///
    /// - Parameters:
    ///   - name: Where the peer is, for messages.
    ///   - frameLimit: Longest frame, in bytes, that is accepted.
    ///   - patience: How long a peer may take no bytes before it counts as gone.
    /// - Throws: `system`, when the process has no descriptors left; nothing is taken over then.
    public init(
        input: Int32, output: Int32, named name: String, frameLimit: Int = StreamLimits.frameBytes,
        patience: Duration = StreamLimits.patience
    ) throws(TransportError) {
        let wakeUp = try WakeUp()
        self.init(
            input: input, output: output, named: name, frameLimit: frameLimit, patience: patience, wakeUp: wakeUp)
    }

    /// Takes over two open descriptors, with a flag that ends a wait.
    init(
        input: Int32, output: Int32, named name: String, frameLimit: Int, patience: Duration = StreamLimits.patience,
        wakeUp: WakeUp
    ) {
        self.wakeUp = wakeUp
        stream = ByteStream(input: input, output: output)
        cutter = StreamCutter(frameLimit: frameLimit)
        self.name = name
        self.patience = patience
    }

    /// Ends a `receive` that is waiting, from any thread; a wake-up before the wait ends the next one.
    public var wake: @Sendable () -> Void { wakeUp.signal }

    /// Sends a frame; takes meanwhile what comes, so that two ends that both send never wait for each other.
    ///
    /// - Throws: `peerGone` when nobody reads any more, or nothing is read for as long as the patience.
    public mutating func send(_ frame: [UInt8]) throws(TransportError) {
        var rest = frame[...]
        while true {
            guard let count = stream.write(rest) else { throw gone() }
            rest = rest.dropFirst(count)
            guard !rest.isEmpty else { return }
            let ready = try stream.wait(forRoom: true, within: patience)
            guard !ready.isEmpty else {
                throw TransportError(.peerGone, "\(name) has taken nothing for \(patience)")
            }
            if ready.contains(.readable) { try take() }
        }
    }

    /// Waits for the next frame; `nil` when none came within the limit or the waker was used.
    ///
    /// - Throws: `peerGone` when the stream has ended and all whole frames before that have been received.
    public mutating func receive(within limit: Duration) throws(TransportError) -> [UInt8]? {
        let deadline = ContinuousClock.now + limit
        while true {
            if let frame = cutter.next() { return frame }
            if hasEnded { throw gone() }
            let left = max(.zero, ContinuousClock.now.duration(to: deadline))
            let ready = try stream.wait(within: left, alsoFor: wakeUp.descriptor)
            if ready.contains(.readable) {
                try take()
            } else if ready.contains(.woken) {
                wakeUp.clear()
                return nil
            } else if left == .zero {
                return nil
            }
        }
    }

    /// Ends the link: both streams are closed.
    public consuming func close() {}

    private mutating func take() throws(TransportError) {
        if let arrived = stream.read() { cutter.append(arrived) } else { hasEnded = true }
    }

    private func gone() -> TransportError {
        TransportError(.peerGone, "the stream of \(name) has ended")
    }
}
