package import DeviceTransport
import WireProtocol

/// A mutant's behaviour as a value between the links of a device that keeps the rules and its hosts.
///
/// It sees every frame in both directions and changes, drops, repeats or answers some of them; frames are numbered anew, so
/// that only the deviation that is meant shows. The device behind it knows nothing of it.
package struct MutantRelay: Sendable {
    /// What to do to a frame.
    enum Fate {
        /// These go on in its stead.
        case forward([RelayFrame])
        /// These go back to where it came from.
        case answer([RelayFrame])
    }

    /// The deviation.
    package let mutant: Mutant
    var links: [LinkPeer: RelayLink] = [:]
    var memory = RelayMemory()

    /// A relay that shows a deviation.
    package init(_ mutant: Mutant) { self.mutant = mutant }

    /// What becomes of a frame from a host.
    package mutating func receive(
        _ bytes: [UInt8], from peer: LinkPeer
    ) -> (toDevice: [[UInt8]], toHost: [[UInt8]]) {
        var bytes = bytes
        var link = links[peer] ?? fresh
        defer { links[peer] = link }
        repair(&bytes, &link)
        guard let header = try? FrameHeader(parsing: bytes), bytes.count >= FrameHeader.byteCount else {
            return ([bytes], [])
        }
        guard header.sequence == link.nextFromHost else {
            // A gap or a repetition has to stay one, whatever the numbers are by now.
            let sequence =
                header.sequence < link.nextFromHost ? 0 : link.nextToDevice + header.sequence - link.nextFromHost
            return ([Self.numbered(bytes, sequence)], [])
        }
        link.nextFromHost += 1
        guard let frame = RelayFrame(bytes) else {
            defer { link.nextToDevice += 1 }
            return ([Self.numbered(bytes, link.nextToDevice)], [])
        }
        link.requests[frame.header.request] = frame
        let fate = incoming(frame, &link)
        link.lastRequest = max(link.lastRequest, frame.header.request)
        switch fate {
        case .forward(let frames):
            return (frames.map { number($0.encoded, &link.nextToDevice) }, [])
        case .answer(let frames):
            return ([], frames.map { number($0.encoded, &link.nextToHost) })
        }
    }

    /// What becomes of a frame from the device.
    package mutating func send(_ bytes: [UInt8], to peer: LinkPeer) -> [[UInt8]] {
        var link = links[peer] ?? fresh
        defer { links[peer] = link }
        guard let frame = RelayFrame(bytes) else {
            if mutant.id == "drops-begun-chunks", let header = try? FrameHeader(parsing: bytes),
                link.cancelled.contains(header.request)
            {
                return []
            }
            return [number(bytes, &link.nextToHost)]
        }
        let frames = outgoing(frame, &link).map {
            $0.type == .error ? $0.encoded : number($0.encoded, &link.nextToHost)
        }
        return mutant.id == "odd-repeated-frames" ? frames.flatMap { [$0, $0] } : frames
    }

    /// What is known of a link that has just begun.
    private var fresh: RelayLink {
        var link = RelayLink()
        if mutant.id == "numbers-from-one" { link.nextToHost = 1 }
        return link
    }

    private func number(_ bytes: [UInt8], _ next: inout UInt64) -> [UInt8] {
        defer { next += 1 }
        return Self.numbered(bytes, next)
    }

    /// A frame with another number, its checksum computed anew.
    static func numbered(_ bytes: [UInt8], _ sequence: UInt64) -> [UInt8] {
        var bytes = bytes
        bytes.store(littleEndian: sequence, at: 24)
        seal(&bytes)
        return bytes
    }

    /// Computes a header's checksum anew.
    static func seal(_ bytes: inout [UInt8]) {
        guard bytes.count >= FrameHeader.byteCount else { return }
        bytes.store(littleEndian: CRC32C.checksum(bytes[..<60]), at: 60)
    }
}

/// What a relay remembers over all links.
struct RelayMemory: Sendable {
    /// Resume tokens by session.
    var resumeTokens: [UInt64: [UInt8]] = [:]
    /// The link that a session was opened on last.
    var homes: [UInt64: Int] = [:]
    /// The token of the lease, and who has it.
    var token: UInt32 = 0
    /// The epoch of the current image.
    var epoch: UInt32 = 0
    /// Epoch and checksum that WEIGHTS stated last.
    var written: (epoch: UInt32, checksum: UInt32) = (0, 0)
    /// The current image, and the one that WEIGHTS made.
    var image: [Int8] = []
    var shadow: [Int8] = []
    /// Payload and hash of the configuration.
    var configuration: [UInt8] = []
    /// Blocks of inputs by slot.
    var blocks: [UInt64: [UInt8]] = [:]
    /// Batches whose result was sent.
    var delivered: Set<UInt64> = []
    /// How often something has happened that counts.
    var count = 0
}
