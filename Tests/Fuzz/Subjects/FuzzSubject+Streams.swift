import WireProtocol

extension FuzzSubject {
    /// What cuts a stream of bytes: it has to find the same, whatever the pieces in which they come.
    static let streams: [FuzzSubject] = [
        FuzzSubject("stream", kinds: ["frame"]) { bytes in
            same(bytes) { pieces in
                var cutter = StreamCutter(frameLimit: frameLimit)
                return pieces.flatMap { piece in
                    cutter.append(piece)
                    return Array(sequence(state: ()) { _ in cutter.next() })
                }
            }
        },
        FuzzSubject("zmtp", seeds: zeroMQSeeds) { bytes in
            same(bytes) { pieces in
                var cutter = ZMTPCutter(frameLimit: frameLimit)
                var frames: [[UInt8]] = []
                for var piece in pieces {
                    // As from a socket: what belongs to a part that has begun goes straight to it.
                    if cutter.missingCount > 0 {
                        cutter.append { room in
                            while !room.isFull, let byte = piece.popFirst() { room.append(byte) }
                        }
                    }
                    cutter.append(piece)
                    do {
                        while let arrival = try cutter.next() {
                            switch arrival {
                            case .frame(let frame): frames.append(frame)
                            case .ping(let context): frames.append(context)
                            case .ready: frames.append([])
                            }
                        }
                    } catch {
                        return frames
                    }
                }
                return frames
            }
        },
    ]

    private static let frameLimit = 1_024

    /// Cuts bytes in one piece and in small ones.
    private static func same(_ bytes: [UInt8], _ cut: ([ArraySlice<UInt8>]) -> [[UInt8]]) {
        let whole = cut([bytes[...]])
        demand(whole.allSatisfy { $0.count <= frameLimit }, "a frame is longer than the limit")
        for length in [1, 7, 65] {
            let pieces = stride(from: 0, to: bytes.count, by: length).map {
                bytes[$0..<min($0 + length, bytes.count)]
            }
            demand(cut(pieces) == whole, "pieces of \(length) bytes hold something else")
        }
    }

    /// A handshake, messages short and long, in one part and in several, and questions.
    private static let zeroMQSeeds: [[UInt8]] = {
        var opening = ZMTP.opening(as: .dealer)
        let silent = opening
        ZMTP.append(message: [1, 2, 3], to: &opening)
        ZMTP.append(message: Array(repeating: 4, count: 300), to: &opening)
        var asking = silent
        ZMTP.append(command: ZMTP.ping, [0, 10, 5], to: &asking)
        asking += [1, 2, 7, 7, 0, 1, 8]
        ZMTP.append(message: [9], to: &asking)
        return [silent, opening, asking, silent + [2, 0, 0, 0, 0, 0, 0, 4, 1]]
    }()
}
