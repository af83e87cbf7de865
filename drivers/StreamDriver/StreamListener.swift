public import DeviceTransport
import Glibc
import WireProtocol

/// The serving end of a link that is a pair of byte streams: one peer, from the beginning to the end.
public struct StreamListener: Listener, ~Copyable {
    /// The program that a host would start; there is nothing that it could connect to.
    public let address: DeviceURI

    private var stream: ByteStream
    private var cutter: StreamCutter
    private let wakeUp: WakeUp
    private let onEnd: @Sendable () -> Void
    private var waiting: [ArraySlice<UInt8>] = []
    private var waitingBytes = 0
    private var hasEnded = false
    /// Whether the device has ended the link by ERROR: then nothing that comes counts, and nothing more is said (STR-002).
    private var isDeaf = false
    private static let peer = LinkPeer(bytes: [0])

    /// Takes over two open descriptors, which may be the same one, and closes them at the end.
    ///
    /// - Parameters:
    ///   - command: The command by which a host starts the program.
    ///   - onEnd: Called once, when the peer has closed its end.
    public init(
        input: Int32, output: Int32, command: String, frameLimit: Int = StreamLimits.frameBytes,
        onEnd: @escaping @Sendable () -> Void = {}
    ) throws(TransportError) {
        wakeUp = try WakeUp()
        stream = ByteStream(input: input, output: output)
        cutter = StreamCutter(frameLimit: frameLimit)
        address = DeviceURI(link: .exec(command: command))
        self.onEnd = onEnd
    }

    /// Ends a `receive` that is waiting, from any thread; a wake-up before the wait ends the next one.
    public var wake: @Sendable () -> Void { wakeUp.signal }

    /// Waits for the next frame; `nil` when none came within the limit or the waker was used. Writes what waits.
    public mutating func receive(within limit: Duration) throws(TransportError) -> IncomingFrame? {
        let deadline = ContinuousClock.now + limit
        while true {
            if let frame = cutter.next() { return IncomingFrame(peer: Self.peer, bytes: frame) }
            let left = max(.zero, ContinuousClock.now.duration(to: deadline))
            // A stream at its end is readable for ever.
            guard !hasEnded else {
                usleep(UInt32(min(left, .milliseconds(10)) / .microseconds(1)))
                return nil
            }
            let ready = try stream.wait(
                forRoom: !waiting.isEmpty, within: left, alsoFor: wakeUp.descriptor)
            if ready.contains(.writable) { flush() }
            if ready.contains(.readable) { take() }
            if ready.contains(.woken) {
                wakeUp.clear()
                return cutter.next().map { IncomingFrame(peer: Self.peer, bytes: $0) }
            }
            if ready.isEmpty, left == .zero { return nil }
        }
    }

    /// Sends a frame, or keeps it until the peer takes it. ERROR is the last one.
    ///
    /// - Throws: `peerGone` when the peer has left or lets too much wait.
    public mutating func send(_ frame: [UInt8], to peer: LinkPeer) throws(TransportError) {
        guard !hasEnded, waitingBytes + frame.count <= StreamLimits.queuedBytes else {
            throw TransportError(
                .peerGone, hasEnded ? "the peer has left" : "the peer lets \(waitingBytes) bytes wait")
        }
        guard !isDeaf else { return }
        waiting.append(frame[...])
        waitingBytes += frame.count
        if let header = try? FrameHeader(parsing: frame), header.type == MessageType.error.rawValue {
            isDeaf = true
            cutter.deafen()
        }
        flush()
    }

    /// Ends the link. What the peer takes at once is still written; frames that wait after that are dropped.
    public consuming func close() { flush() }

    private mutating func take() {
        if let arrived = stream.read() { cutter.append(arrived) } else { end() }
    }

    private mutating func flush() {
        while let first = waiting.first {
            guard let count = stream.write(first) else { return end() }
            waitingBytes -= count
            if count < first.count {
                waiting[0] = first.dropFirst(count)
                return
            }
            waiting.removeFirst()
        }
    }

    private mutating func end() {
        guard !hasEnded else { return }
        hasEnded = true
        waiting = []
        waitingBytes = 0
        onEnd()
    }
}
