import DeviceTransport
import Dispatch
import Testing
import WireProtocol

/// What every carrier promises (`protocol/SPEC.md`, section 3), held against each of them by the same tests.
@Suite struct LinkContractTests {
    /// A frame with a payload of some bytes, which tell of the number.
    private static func frame(_ number: Int, payload count: Int) -> [UInt8] {
        var header = FrameHeader(type: 0x30)
        header.sequence = UInt64(number)
        header.payloadLength = UInt32(count)
        header.totalLength = UInt32(count)
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) }
        return Frame.encode(header, payload: payload[...])
    }

    /// Introduces the host to the device, which cannot speak first.
    private static func connected(_ kind: LinkKind) throws -> (host: any LinkEnd, device: any LinkEnd) {
        let (host, device) = try kind.open()
        let greeting = frame(0, payload: 0)
        try host.send(greeting)
        #expect(try device.receive(within: .seconds(5)) == greeting)
        return (host, device)
    }

    /// What comes of a frame at the other end; sent from another thread, since a carrier need not hold a whole one.
    private static func pass(_ frame: [UInt8], from sender: any LinkEnd, to receiver: any LinkEnd) throws -> [UInt8]? {
        let end = DispatchSemaphore(value: 0)
        DispatchQueue(label: "sender").async {
            #expect(throws: Never.self) { try sender.send(frame) }
            end.signal()
        }
        defer { end.wait() }
        // A listener writes what it could not while it waits.
        let deadline = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < deadline {
            if let frame = try receiver.receive(within: .milliseconds(2)) { return frame }
            if let listening = sender as? any ListeningEnd { listening.flush() }
        }
        return nil
    }

    @Test(arguments: LinkKind.allCases)
    func framesOfEverySizeArriveWholeInBothDirections(over kind: LinkKind) throws {
        let (host, device) = try Self.connected(kind)
        // Around the packets of USB and the buffers of pipes, and the longest.
        let longest = kind.frameBytes - 68
        for size in [0, 1, 443, 444, 445, 956, 4_028, 65_467, 65_468, 65_469, 262_144, longest] where size <= longest {
            let frame = Self.frame(size, payload: size)
            #expect(try Self.pass(frame, from: host, to: device) == frame, "\(size) bytes to the device")
            #expect(try Self.pass(frame, from: device, to: host) == frame, "\(size) bytes to the host")
        }
        host.close()
        device.close()
    }

    @Test(arguments: LinkKind.allCases)
    func bothEndsMaySendAtOnceAndOrderIsKept(over kind: LinkKind) throws {
        let (host, device) = try Self.connected(kind)
        let count = 100
        let end = DispatchSemaphore(value: 0)
        // More than any carrier buffers, so that each end has to take while it gives.
        DispatchQueue(label: "device").async {
            defer { end.signal() }
            for number in 0..<count { try? device.send(Self.frame(number, payload: 30_000)) }
            for number in 0..<count {
                let frame = try? device.receive(within: .seconds(5))
                #expect(frame == Self.frame(number, payload: 30_000), "number \(number)")
            }
        }
        for number in 0..<count { try host.send(Self.frame(number, payload: 30_000)) }
        for number in 0..<count {
            #expect(try host.receive(within: .seconds(5)) == Self.frame(number, payload: 30_000))
        }
        end.wait()
        host.close()
        device.close()
    }

    @Test(arguments: LinkKind.allCases)
    func waitingForNothingEndsAtTheLimit(over kind: LinkKind) throws {
        let (host, device) = try Self.connected(kind)
        for end in [host, device] {
            let begin = ContinuousClock.now
            #expect(try end.receive(within: .milliseconds(30)) == nil)
            #expect((.milliseconds(29)...(.seconds(5))).contains(ContinuousClock.now - begin))
            #expect(try end.receive(within: .zero) == nil)
        }
        host.close()
        device.close()
    }

    @Test(arguments: LinkKind.allCases)
    func whatWasSentArrivesBeforeThePeerCountsAsGone(over kind: LinkKind) throws {
        let (host, device) = try Self.connected(kind)
        for number in 0..<20 { try device.send(Self.frame(number, payload: 1_000)) }
        for number in 0..<20 {
            #expect(try host.receive(within: .seconds(5)) == Self.frame(number, payload: 1_000))
        }
        device.close()
        let error = #expect(throws: TransportError.self) {
            let limit = ContinuousClock.now + .seconds(5)
            while ContinuousClock.now < limit { _ = try host.receive(within: .milliseconds(100)) }
        }
        #expect(error?.code == .peerGone)
        let second = #expect(throws: TransportError.self) {
            for _ in 0..<100 { try host.send(Self.frame(0, payload: 10_000)) }
        }
        #expect(second?.code == .peerGone)
        host.close()
    }

    @Test(arguments: LinkKind.allCases)
    func aLinkEndsAtOnceThoughThePeerTakesNothing(over kind: LinkKind) throws {
        let (host, device) = try Self.connected(kind)
        for _ in 0..<20 { try? host.send(Self.frame(1, payload: 1_000)) }
        for _ in 0..<20 { try? device.send(Self.frame(1, payload: 1_000)) }
        let begin = ContinuousClock.now
        host.close()
        device.close()
        #expect(ContinuousClock.now - begin < .seconds(2))
    }
}
