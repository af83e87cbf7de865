import Foundation
import Substrate
import Testing
import WireFuzzing
import WireProtocol

/// Damaged input for each decoder and both state machines, bred from the frozen vectors: nothing traps, nothing hangs.
///
/// `make fuzz` hands the same subjects to libFuzzer; this is the part that every commit passes.
/// `VOLLEY_FUZZ_INPUTS=1000000 swift test -c release --filter FuzzTests` is a longer run; `VOLLEY_FUZZ_SEED` gives another
/// one: each input depends on seed, subject and its number alone.
@Suite(.serialized) struct FuzzTests {
    private static let count = ProcessInfo.processInfo.environment["VOLLEY_FUZZ_INPUTS"].flatMap(Int.init) ?? 20_000
    private static let seed = ProcessInfo.processInfo.environment["VOLLEY_FUZZ_SEED"].flatMap(UInt64.init) ?? 1

    @Test(arguments: FuzzSubject.all) func noInputTrapsOrTakesLong(_ subject: FuzzSubject) throws {
        let parents = try FuzzSeeds.of(subject)
        var random = Breeder(seed: Self.seed, name: subject.name)
        var longest: (time: Duration, input: [UInt8]) = (.zero, [])
        let count = subject.isStateMachine ? Self.count / 10 : Self.count
        for _ in 0..<count {
            let input = random.child(of: parents)
            let time = subject.time(input)
            if time > longest.time { longest = (time, input) }
        }
        #expect(
            longest.time < FuzzSubject.limit,
            "\(subject), seed \(Self.seed), took \(longest.time) for:\n\(FuzzSeeds.text(longest.input))")
        print("\(subject): \(count) inputs, the slowest took \(longest.time)")
    }

    @Test(arguments: FuzzSubject.all) func inputsThatOnceWentWrongDoSoNoMore(_ subject: FuzzSubject) throws {
        for (name, input) in try FuzzSeeds.regressions(of: subject) {
            let time = subject.time(input)
            #expect(time < FuzzSubject.limit, "\(name) took \(time)")
        }
    }

    /// Frames with right checksums and random content for a device in the middle of a batch, and for a host.
    @Test func noSequenceOfFramesTrapsTheDevice() throws {
        let parents = try Self.exchange().filter(\.fromHost).map(\.frame)
        var random = Breeder(seed: Self.seed, name: "device")
        for round in 0..<max(1, Self.count / 400) {
            // The secret and the tokens of the frozen exchange, so that its frames are in place here.
            let target = SimulatedTarget {
                $0.secret = (1...32).map { UInt8($0) }
                $0.firstFencingToken = 1 << 16 | 1
            }
            let link = try target.open()
            for frame in parents.shuffledSlightly(&random) {
                try link.send(random.sealedChild(of: frame, keeping: round % 3 > 0))
                while try link.receive(within: .zero) != nil {}
            }
            target.sleep(for: .seconds(80))
            _ = try target.open().send(parents[0])
        }
    }

    @Test func noSequenceOfFramesTrapsTheHost() throws {
        let parents = try Self.exchange().filter { !$0.fromHost }.map(\.frame)
        var random = Breeder(seed: Self.seed, name: "host")
        for round in 0..<max(1, Self.count / 100) {
            var host = HostSession(
                configuration: HostSessionConfiguration(
                    runID: RunID(high: 0xAB, low: 1), label: "trainer", entropy: (1, 5)))
            _ = host.start(now: .zero)
            for batch in HostRun.batches.prefix(2) { _ = host.submit(batch, now: .zero) }
            var now = Duration.zero
            for frame in parents.shuffledSlightly(&random) {
                now += .milliseconds(random.below(700))
                let input = random.sealedChild(of: frame, keeping: round % 3 > 0)
                let actions = host.receive(input, now: now)
                if actions.contains(where: { if case .reconnect = $0 { true } else { false } }) {
                    _ = host.linkReset(now: now)
                }
                _ = host.timeout(now: now)
            }
        }
    }

    private static func exchange() throws -> [(fromHost: Bool, frame: [UInt8])] {
        let file = SuiteTests.root.appending(path: "protocol/vectors/v1/exchange.txt")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }.map {
            line in
            let words = line.split(separator: " ")
            return (words[0] == "host", FrozenVector.bytes(String(words[2])))
        }
    }
}

/// Random changes to known input.
private struct Breeder: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64, name: String) { state = name.utf8.reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<max(1, bound), using: &self) }

    /// One input made from two others.
    mutating func child(of parents: [[UInt8]]) -> [UInt8] {
        var bytes = parents[below(parents.count)]
        for _ in 0...below(4) { change(&bytes, with: parents) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8], with parents: [[UInt8]]) {
        guard !bytes.isEmpty else {
            bytes = (0..<below(80)).map { _ in UInt8(truncatingIfNeeded: next()) }
            return
        }
        let place = below(bytes.count)
        switch below(7) {
        case 0: bytes[place] ^= 1 << UInt8(below(8))
        case 1: bytes[place] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF][below(6)]
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(8)))
        case 3: bytes.insert(contentsOf: (0...below(8)).map { _ in UInt8(truncatingIfNeeded: next()) }, at: place)
        case 4: bytes = Array(bytes.prefix(place)) + parents[below(parents.count)].suffix(below(64))
        case 5 where bytes.count >= place + 4:
            bytes.store(littleEndian: [UInt32.max, 1 << 31, 0, 65_536, UInt32(bytes.count)][below(5)], at: place)
        default: bytes.append(contentsOf: bytes.suffix(below(16)))
        }
    }

    /// A frame whose payload or header is changed and whose lengths and checksums are right again.
    mutating func sealedChild(of frame: [UInt8], keeping: Bool) -> [UInt8] {
        guard below(4) == 0, frame.count >= 64, var header = try? FrameHeader(parsing: frame) else { return frame }
        var payload = frame.count > 68 ? Array(frame[64..<frame.count - 4]) : []
        if !payload.isEmpty { change(&payload, with: [frame]) }
        if !keeping {
            switch below(6) {
            case 0: header.type = UInt8(truncatingIfNeeded: next())
            case 1: header.request = UInt64(below(40))
            case 2: header.status = WireStatus(rawValue: UInt16(below(0x510)))
            case 3: header.token = UInt32(truncatingIfNeeded: next())
            case 4: (header.fragment, header.fragmentCount) = (UInt16(below(3)), UInt16(below(4)))
            default: header.flags = .init(rawValue: UInt8(below(8)))
            }
        }
        header.totalLength = UInt32(payload.count)
        return Frame.encode(header, payload: payload[...])
    }
}

extension Array {
    /// The same elements, one of them moved or said twice.
    fileprivate func shuffledSlightly(_ random: inout Breeder) -> [Element] {
        var list = self
        switch random.below(4) {
        case 0: list.insert(list[random.below(list.count)], at: random.below(list.count))
        case 1: list.remove(at: random.below(list.count))
        case 2: list.swapAt(random.below(list.count), random.below(list.count))
        default: break
        }
        return list
    }
}
