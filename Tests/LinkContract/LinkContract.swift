import DeviceTransport
import Dispatch
import WireProtocol

/// What every carrier promises (`protocol/SPEC.md`, section 3), as clauses that are held against each of them.
public enum LinkContract: String, CaseIterable, Sendable {
    case framesOfEverySizeArriveWholeInBothDirections
    case bothEndsMaySendAtOnceAndOrderIsKept
    case waitingForNothingEndsAtTheLimit
    case aWakeUpEndsTheHostsWait
    case whatWasSentArrivesBeforeThePeerCountsAsGone
    case aLinkEndsAtOnceThoughThePeerTakesNothing

    /// Both ends of a fresh link.
    public typealias Ends = (host: any LinkEnd, device: any LinkEnd)

    /// What a carrier did against the contract.
    public struct Breach: Error, CustomStringConvertible {
        /// What it did.
        public var description: String
    }

    /// Holds a carrier to the clause.
    ///
    /// - Parameters:
    ///   - frameLimit: The longest frame that the carrier takes, in bytes.
    ///   - open: Makes a fresh link.
    /// - Throws: `Breach`, or what the carrier throws though it should not.
    public func hold(frameLimit: Int, open: () throws -> Ends) throws {
        let ends = try open()
        defer {
            ends.host.close()
            ends.device.close()
        }
        // The device cannot speak first.
        let greeting = Self.frame(0, payload: 0)
        try ends.host.send(greeting)
        try Self.expect(ends.device.receive(within: .seconds(5)) == greeting, "the first frame did not arrive")
        switch self {
        case .framesOfEverySizeArriveWholeInBothDirections: try Self.passSizes(ends, frameLimit: frameLimit)
        case .bothEndsMaySendAtOnceAndOrderIsKept: try Self.passBoth(ends)
        case .waitingForNothingEndsAtTheLimit: try Self.waitForNothing(ends)
        case .aWakeUpEndsTheHostsWait: try Self.wakeUp(ends)
        case .whatWasSentArrivesBeforeThePeerCountsAsGone: try Self.leave(ends)
        case .aLinkEndsAtOnceThoughThePeerTakesNothing: try Self.endUnread(ends)
        }
    }

    /// Around the packets of USB and the buffers of pipes, and the longest.
    private static func passSizes(_ ends: Ends, frameLimit: Int) throws {
        let longest = frameLimit - FrameHeader.byteCount - FrameHeader.trailerByteCount
        let sizes = [0, 1, 443, 444, 445, 956, 4_028, 65_467, 65_468, 65_469, 200_000, longest]
        for size in sizes where size <= longest {
            let frame = frame(size, payload: size)
            try expect(pass(frame, from: ends.host, to: ends.device) == frame, "\(size) bytes to the device")
            try expect(pass(frame, from: ends.device, to: ends.host) == frame, "\(size) bytes to the host")
        }
    }

    /// More than any carrier buffers, so that each end has to take while it gives.
    private static func passBoth(_ ends: Ends) throws {
        let count = 200
        let device = ends.device
        let end = DispatchSemaphore(value: 0)
        let arrived = Arrived()
        DispatchQueue(label: "device").async {
            defer { end.signal() }
            for number in 0..<count { try? device.send(frame(number, payload: 15_000)) }
            for _ in 0..<count {
                guard let frame = try? device.receive(within: .seconds(5)) else { break }
                arrived.note(frame)
            }
            // An end that never blocks writes what it could not while it waits.
            while !arrived.isOver, (try? device.receive(within: .milliseconds(5))) == .some(nil) {}
        }
        defer {
            arrived.isOver = true
            end.wait()
        }
        for number in 0..<count { try ends.host.send(frame(number, payload: 15_000)) }
        for number in 0..<count {
            let frame = try ends.host.receive(within: .seconds(5))
            try expect(frame == Self.frame(number, payload: 15_000), "frame \(number) to the host")
        }
        arrived.isOver = true
        end.wait()
        end.signal()
        try expect(arrived.frames == (0..<count).map { frame($0, payload: 15_000) }, "frames to the device")
    }

    private static func waitForNothing(_ ends: Ends) throws {
        for end in [ends.host, ends.device] {
            let begin = ContinuousClock.now
            try expect(end.receive(within: .milliseconds(30)) == nil, "a frame from nowhere")
            let time = ContinuousClock.now - begin
            try expect((.milliseconds(29)...(.seconds(5))).contains(time), "a wait of 30 ms took \(time)")
            try expect(end.receive(within: .zero) == nil, "a frame from nowhere")
        }
    }

    private static func wakeUp(_ ends: Ends) throws {
        let host = ends.host
        for delay in [0, 30] {
            // Once before the wait and once in it; either ends one wait, and the next lasts.
            let begin = ContinuousClock.now
            if delay == 0 { host.wake() }
            DispatchQueue(label: "waker").asyncAfter(deadline: .now() + .milliseconds(delay)) {
                if delay > 0 { host.wake() }
            }
            try expect(host.receive(within: .seconds(20)) == nil, "a frame from nowhere")
            let time = ContinuousClock.now - begin
            try expect(time >= .milliseconds(delay), "a wait ended \(time) after its begin, before it was woken")
            try expect(time < .seconds(10), "a wait that was woken took \(time)")
            try waitForNothing((host, host))
        }
        try ends.device.send(frame(1, payload: 1_000))
        try expect(host.receive(within: .seconds(5)) == frame(1, payload: 1_000), "the frame after a wake-up")
    }

    private static func leave(_ ends: Ends) throws {
        for number in 0..<20 { try ends.device.send(frame(number, payload: 1_000)) }
        for number in 0..<20 {
            let frame = try ends.host.receive(within: .seconds(5))
            try expect(frame == Self.frame(number, payload: 1_000), "frame \(number) before the end")
        }
        ends.device.close()
        try expectGone("receiving") {
            let limit = ContinuousClock.now + .seconds(5)
            while ContinuousClock.now < limit { _ = try ends.host.receive(within: .milliseconds(100)) }
        }
        try expectGone("sending") {
            for _ in 0..<100 { try ends.host.send(frame(0, payload: 10_000)) }
        }
    }

    private static func endUnread(_ ends: Ends) throws {
        for _ in 0..<20 { try? ends.host.send(frame(1, payload: 1_000)) }
        for _ in 0..<20 { try? ends.device.send(frame(1, payload: 1_000)) }
        let begin = ContinuousClock.now
        ends.host.close()
        ends.device.close()
        let time = ContinuousClock.now - begin
        try expect(time < .seconds(2), "closing took \(time)")
    }

    /// What comes of a frame at the other end; sent from another thread, since a carrier need not hold a whole one.
    private static func pass(_ frame: [UInt8], from sender: any LinkEnd, to receiver: any LinkEnd) throws -> [UInt8]? {
        let end = DispatchSemaphore(value: 0)
        DispatchQueue(label: "sender").async {
            try? sender.send(frame)
            end.signal()
        }
        defer { end.wait() }
        let deadline = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < deadline {
            if let frame = try receiver.receive(within: .milliseconds(2)) { return frame }
            if let listening = sender as? any ListeningEnd { listening.flush() }
        }
        return nil
    }

    /// A frame with a payload of some bytes, which tell of the number.
    private static func frame(_ number: Int, payload count: Int) -> [UInt8] {
        var header = FrameHeader(type: 0x30)
        header.sequence = UInt64(number)
        header.payloadLength = UInt32(count)
        header.totalLength = UInt32(count)
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) }
        return Frame.encode(header, payload: payload[...])
    }

    private static func expect(_ isSo: Bool, _ what: String) throws {
        if !isSo { throw Breach(description: what) }
    }

    private static func expectGone(_ what: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as TransportError where error.code == .peerGone {
            return
        }
        throw Breach(description: "\(what) goes on though the peer has left")
    }
}
