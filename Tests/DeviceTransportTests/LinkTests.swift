import DeviceTransport
import Testing

@Suite struct LinkTests {
    @Test(arguments: [
        ("zmq+tcp://127.0.0.1:7755", "zmq+tcp://127.0.0.1:7755"),
        ("tcp://[::1]:0", "zmq+tcp://[::1]:0"),
        ("ipc:///run/chip.sock", "zmq+ipc:///run/chip.sock"),
        ("usb:", "usb:"), ("usb:1209:000A/7", "usb:1209:000a/7"), ("usb:/7", "usb:/7"),
        ("exec:board --serial 3", "exec:board --serial 3"),
    ])
    func addressesAreReadWithAndWithoutTheLinkName(text: String, canonical: String) throws {
        #expect(try DeviceURI(text).description == canonical)
        #expect(try DeviceURI(canonical) == DeviceURI(text))
    }

    @Test(arguments: [
        ("usb:1", "VENDOR:PRODUCT"), ("usb:12:5678", "four hexadecimal"), ("usb:1209:0001/", "serial"),
        ("exec: ", "command"), ("serial:x", "scheme"), ("tcp://host", "port is missing"),
        ("tcp://:70", "port is missing"),
        ("tcp://host:70000", "70000"), ("tcp://host:70#12", "64 hexadecimal"), ("ipc://", "path is missing"),
        ("ipc:///" + String(repeating: "a", count: 200), "201 bytes"), ("", "scheme"),
    ])
    func malformedAddressesAreRefusedWithTheReason(text: String, reason: String) {
        do {
            Issue.record("accepted: \(try DeviceURI(text))")
        } catch {
            #expect(error.code == .badAddress)
            #expect(error.detail.contains(reason), "\(error)")
        }
    }

    @Test func loopbackKeepsOrderAndTellsWhenTheOtherEndHasGone() throws {
        try LoopbackTransport.withPair { (left, right) throws in
            var left = left
            for number in 0..<100 as Range<UInt8> { try left.send([number]) }
            left.close()
            var right = right
            for number in 0..<100 as Range<UInt8> {
                #expect(try right.receive(within: .seconds(1)) == [number])
            }
            let error = #expect(throws: TransportError.self) {
                _ = try right.receive(within: .seconds(1))
            }
            #expect(error?.code == .peerGone)
            right.close()
        }
    }

    @Test func waitingForNothingEndsAtTheLimit() throws {
        try LoopbackTransport.withPair { (left, right) throws in
            var right = right
            let begin = ContinuousClock.now
            #expect(try right.receive(within: .milliseconds(30)) == nil)
            #expect(ContinuousClock.now - begin >= .milliseconds(30))
            left.close()
            right.close()
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func faultsComeAtTheirRatesAndTheSameForTheSameSeed(seed: UInt64) throws {
        let faults = LinkFaults(seed: seed, loss: 0.2, duplication: 0.2, damage: 0.2)
        let count = 4_000
        let first = try Self.whatArrives(of: count, faults)
        #expect(try Self.whatArrives(of: count, faults) == first)
        let other = LinkFaults(seed: seed + 100, loss: 0.2, duplication: 0.2, damage: 0.2)
        #expect(try Self.whatArrives(of: count, other) != first)
        // Five standard deviations of a binomial count: sqrt(4000 * 0.2 * 0.8) = 25.3.
        let whole = first.compactMap { $0 }
        let damaged = first.count - whole.count
        let distinct = Set(whole).count
        #expect(abs(damaged - count / 5) < 127, "seed \(seed): \(damaged) damaged")
        #expect(abs(whole.count - distinct - count / 5) < 127, "seed \(seed)")
        #expect(abs(count - damaged - distinct - count / 5) < 127, "seed \(seed)")
        #expect(whole == whole.sorted(), "order is kept; seed \(seed)")
    }

    /// Sends frames of a number and its complement, and reads the numbers that arrive; `nil` for a damaged frame.
    private static func whatArrives(of count: Int, _ faults: LinkFaults) throws -> [UInt16?] {
        try LoopbackTransport.withPair { (left, right) throws in
            var left = UnreliableTransport(left, faults: faults)
            for number in 0..<UInt16(count) {
                let parts = [number >> 8, number & 255]
                try left.send((parts + parts.map { ~$0 & 255 }).map { UInt8($0) })
            }
            left.close()
            var right = right
            var arrived: [UInt16?] = []
            while let frame = try? right.receive(within: .zero) {
                let isWhole = frame[0] == ~frame[2] && frame[1] == ~frame[3]
                arrived.append(isWhole ? UInt16(frame[0]) << 8 | UInt16(frame[1]) : nil)
            }
            right.close()
            return arrived
        }
    }
}
