/// Cuts a stream of bytes into frames (`protocol/SPEC.md`, section 3.1).
///
/// A header that cannot be trusted is handed on as it came, for the session to refuse; nothing that follows it in the
/// stream is looked at any more (STR-002).
package struct StreamCutter: Sendable {
    private let payloadLimit: Int
    private var bytes: [UInt8] = []
    private var begin = 0
    /// Length of the frame whose header is at `begin`, once that has come.
    private var length: Int?
    private var isDeaf = false

    /// A cutter for frames up to a length, headers and trailers included.
    package init(frameLimit: Int) {
        payloadLimit = frameLimit - FrameHeader.byteCount - FrameHeader.trailerByteCount
    }

    /// Takes what the stream brought.
    package mutating func append(_ arrived: ArraySlice<UInt8>) {
        guard !isDeaf else { return }
        if begin == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            begin = 0
        }
        bytes += arrived
    }

    /// Takes nothing any more, and forgets what has not been handed on.
    package mutating func deafen() {
        isDeaf = true
        (bytes, begin, length) = ([], 0, nil)
    }

    /// The next frame, if it is there as a whole.
    package mutating func next() -> [UInt8]? {
        guard let length = length ?? measure(), bytes.count - begin >= length else { return nil }
        let frame = [UInt8](bytes[begin..<begin + length])
        begin += length
        self.length = nil
        // What is left of a burst is moved once it is the smaller part, so that each byte moves at most once.
        if begin > bytes.count / 2 {
            bytes.removeFirst(begin)
            begin = 0
        }
        if isDeaf { (bytes, begin) = ([], 0) }
        return frame
    }

    /// The length of the frame that begins here: that of its header where this cannot be trusted.
    private mutating func measure() -> Int? {
        guard !isDeaf, bytes.count - begin >= FrameHeader.byteCount else { return nil }
        let head = [UInt8](bytes[begin..<begin + FrameHeader.byteCount])
        if let header = try? FrameHeader(parsing: head), header.payloadLength <= payloadLimit {
            let payload = Int(header.payloadLength)
            length = FrameHeader.byteCount + (payload == 0 ? 0 : payload + FrameHeader.trailerByteCount)
        } else {
            isDeaf = true
            length = FrameHeader.byteCount
        }
        return length
    }
}
