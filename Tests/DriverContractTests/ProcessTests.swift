import DeviceTransport
import Glibc
import StreamDriver
import Testing
import WireProtocol

/// Programs as the other end of a link. `cat` gives every frame back.
@Suite struct ProcessTests {
    private static func frame(payload count: Int) -> [UInt8] {
        var header = FrameHeader(type: 1)
        header.payloadLength = UInt32(count)
        header.totalLength = UInt32(count)
        return Frame.encode(header, payload: [UInt8](repeating: 7, count: count)[...])
    }

    @Test func aProgramIsALink() throws {
        var link = try ProcessTransport(running: "cat")
        for size in [0, 1, 100_000, 1 << 20] {
            try link.send(Self.frame(payload: size))
            #expect(try link.receive(within: .seconds(5)) == Self.frame(payload: size), "\(size) bytes")
        }
        #expect(try link.receive(within: .milliseconds(20)) == nil)
        let begin = ContinuousClock.now
        link.close()
        #expect(ContinuousClock.now - begin < .seconds(1), "cat ends with its input")
    }

    @Test(arguments: [
        ("exit 3", "ended with status 3"), ("kill -9 $$", "was killed by signal 9"),
        ("no-such-program-anywhere", "did not find it"),
    ])
    func theEndOfAProgramIsTold(command: String, story: String) throws {
        var link = try ProcessTransport(running: command)
        let error = #expect(throws: TransportError.self) {
            _ = try link.receive(within: .seconds(5))
            try link.send(Self.frame(payload: 0))
        }
        #expect(error?.code == .peerGone)
        #expect(error?.detail.contains(story) == true, "\(error?.detail ?? "")")
        #expect(error?.detail.contains(command) == true)
        link.close()
    }

    /// A program that neither reads nor minds its end is stopped, with what it started.
    @Test func aProgramThatDoesNotEndIsStopped() throws {
        var link = try ProcessTransport(running: "trap '' TERM; sleep 61 & sleep 60")
        #expect(try link.receive(within: .milliseconds(200)) == nil)
        let begin = ContinuousClock.now
        link.close()
        #expect(ContinuousClock.now - begin < .seconds(4))
    }

    /// What follows a header that cannot be trusted is never taken for a frame (STR-002).
    @Test func aStreamIsDeafAfterAHeaderThatCannotBeTrusted() throws {
        var damaged = Self.frame(payload: 500)
        damaged[9] ^= 1
        var cutter = StreamCutter(frameLimit: StreamLimits.frameBytes)
        cutter.append(Self.frame(payload: 10)[...])
        cutter.append(damaged[...])
        cutter.append(Self.frame(payload: 10)[...])
        #expect(cutter.next() == Self.frame(payload: 10))
        #expect(cutter.next() == Array(damaged[..<64]), "the session has to see why")
        #expect(cutter.next() == nil)
        cutter.append(Self.frame(payload: 10)[...])
        #expect(cutter.next() == nil)
    }

    /// However the bytes are cut on their way, the frames are the same.
    @Test func framesAreCutAtAnyPlace() {
        let frames = [0, 1, 30, 0, 5].map(Self.frame)
        let stream = frames.flatMap { $0 }
        for place in 0...stream.count {
            var cutter = StreamCutter(frameLimit: StreamLimits.frameBytes)
            var cut: [[UInt8]] = []
            for part in [stream[..<place], stream[place...]] {
                cutter.append(part)
                while let frame = cutter.next() { cut.append(frame) }
            }
            #expect(cut == frames, "cut at \(place)")
        }
        var cutter = StreamCutter(frameLimit: StreamLimits.frameBytes)
        var cut: [[UInt8]] = []
        for index in stream.indices {
            cutter.append(stream[index...index])
            while let frame = cutter.next() { cut.append(frame) }
        }
        #expect(cut == frames, "byte by byte")
    }
}
