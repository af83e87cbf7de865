import DeviceTransport
import Dispatch
import Glibc
import LinkContract
import Synchronization
import Testing
import ZeroMQDriver

/// Links over local sockets without libzmq, and what others may do to them. The contract of links is held elsewhere.
@Suite struct LocalLinkTests {
    /// Both kinds of clients.
    private static func client(byZeroMQ: Bool, of address: DeviceURI) throws -> any LinkEnd {
        byZeroMQ
            ? HostEnd(try ZeroMQTransport(connecting: address)) : HostEnd(try LocalTransport(connecting: address))
    }

    /// A plain socket that is connected to a path, and ends waits after 5 s.
    private static func stranger(at path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        try #require(withAddress(path) { connect(descriptor, $0, $1) } == 0)
        return descriptor
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }

    /// Whether a peer ends a plain connection within the socket's limit.
    private static func isEnded(_ descriptor: Int32) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 1_000)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count <= 0 { return count == 0 || errno == ECONNRESET }
        }
    }

    @Test func framesThatAreSentTogetherArriveInOrder() throws {
        let daemon = try EchoDaemon(local: freshPath())
        var link = try LocalTransport(connecting: daemon.address)
        let frames = [3, 0, 70_000, 1, ZeroMQLimits.frameBytes].map { [UInt8](repeating: UInt8($0 & 255), count: $0) }
        // What is sent before the other end has trusted us may be too long for a stranger.
        try link.send([1])
        #expect(try link.receive(within: .seconds(5)) == [1])
        try link.send(frames)
        for frame in frames { #expect(try link.receive(within: .seconds(5)) == frame) }
        link.close()
        daemon.stop()
    }

    /// Both ends stay awake for a moment after a frame, and no longer.
    @Test func whoWaitsInVainSleeps() throws {
        var listener = try LocalListener(on: .init(link: .ipc(path: freshPath())))
        let address = listener.address
        let over = DispatchSemaphore(value: 0)
        let used = Mutex<Double?>(nil)
        DispatchQueue(label: "client").async {
            defer { over.signal() }
            guard var link = try? LocalTransport(connecting: address), (try? link.send([1])) != nil else { return }
            let time = Self.processorSeconds { _ = try? link.receive(within: .milliseconds(400)) }
            used.withLock { $0 = time }
        }
        var frame: IncomingFrame?
        for _ in 0..<100 where frame == nil { frame = try listener.receive(within: .milliseconds(100)) }
        #expect(frame?.bytes == [1])
        let time = Self.processorSeconds { _ = try? listener.receive(within: .milliseconds(300)) }
        #expect(time < 0.1, "the listener worked for \(time) of 0.3 s")
        // Leaving wakes nobody: the client's wait ends by itself.
        #expect(over.wait(timeout: .now() + 10) == .success)
        let clients = try #require(used.withLock { $0 })
        #expect(clients < 0.1, "the client worked for \(clients) of 0.4 s")
        listener.close()
    }

    /// What a body takes of a processor on this thread.
    private static func processorSeconds(_ body: () -> Void) -> Double {
        func now() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
        }
        let start = now()
        body()
        return now() - start
    }

    @Test(arguments: [true, false]) func framesAboveTheLimitEndTheConnectionAndHarmNobodyElse(byZeroMQ: Bool) throws {
        let daemon = try EchoDaemon(local: freshPath(), frameLimit: 1_000)
        let big = try Self.client(byZeroMQ: byZeroMQ, of: daemon.address)
        let small = try Self.client(byZeroMQ: byZeroMQ, of: daemon.address)
        try big.send([UInt8](repeating: 1, count: 1_001))
        let error = #expect(throws: TransportError.self) { _ = try big.receive(within: .seconds(5)) }
        #expect(error?.code == .peerGone)
        try small.send([7])
        #expect(try small.receive(within: .seconds(5)) == [7])
        big.close()
        small.close()
        daemon.stop()
    }

    @Test(arguments: [true, false]) func aStrangerMaySendFramesOfSixteenKibibytesAndNoMore(byZeroMQ: Bool) throws {
        let daemon = try EchoDaemon(local: freshPath(), trusts: false)
        let link = try Self.client(byZeroMQ: byZeroMQ, of: daemon.address)
        let longest = [UInt8](repeating: 1, count: ZeroMQLimits.strangerFrameBytes)
        try link.send(longest)
        #expect(try link.receive(within: .seconds(5)) == longest)
        try link.send(longest + [1])
        let error = #expect(throws: TransportError.self) { _ = try link.receive(within: .seconds(5)) }
        #expect(error?.code == .peerGone)
        link.close()
        daemon.stop()
    }

    /// What a device says last, and then is gone: libzmq on the asking end must not lose it with the connection.
    @Test(arguments: [(true, true), (true, false), (false, false)])
    func whatWasSentBeforeTheEndArrives(byZeroMQ: Bool, overTCP: Bool) throws {
        for round in 0..<30 {
            var listener = try LocalListener(on: DeviceURI(overTCP ? "tcp://127.0.0.1:0" : "ipc://\(freshPath())"))
            let address = listener.address
            let received = Mutex<[[UInt8]]>([])
            let end = DispatchSemaphore(value: 0)
            DispatchQueue(label: "host").async {
                defer { end.signal() }
                guard let link = try? Self.client(byZeroMQ: byZeroMQ, of: address) else { return }
                try? link.send([0])
                while let frame = try? link.receive(within: .seconds(5)) { received.withLock { $0.append(frame) } }
                link.close()
            }
            let peer = try #require(try listener.receive(within: .seconds(5))?.peer)
            let frames = (1...3).map { [UInt8](repeating: UInt8($0), count: 100) }
            try listener.send(frames, to: peer)
            listener.close()
            end.wait()
            #expect(received.withLock { $0 } == frames, "round \(round)")
        }
    }

    @Test func whoDoesNotFindRoomWaitsUntilOthersHaveLeft() throws {
        let path = freshPath()
        let daemon = try EchoDaemon(local: path, peerLimit: 3)
        let others = try (0..<3).map { _ in try Self.client(byZeroMQ: false, of: daemon.address) }
        let error = #expect(throws: TransportError.self) {
            _ = try LocalTransport(connecting: daemon.address, patience: .milliseconds(300))
        }
        #expect(error?.code == .cannotConnect)
        others[1].close()
        var link = try LocalTransport(connecting: daemon.address)
        try link.send([7])
        #expect(try link.receive(within: .seconds(5)) == [7])
        for other in [others[0], others[2]] {
            try other.send([8])
            #expect(try other.receive(within: .seconds(5)) == [8])
            other.close()
        }
        link.close()
        daemon.stop()
    }

    @Test func whoSaysNothingIsLetGoAndOthersAreServed() throws {
        let path = freshPath()
        let daemon = try EchoDaemon(local: path)
        let silent = try (0..<10).map { _ in try Self.stranger(at: path) }
        var link = try LocalTransport(connecting: daemon.address)
        try link.send([7])
        #expect(try link.receive(within: .seconds(1)) == [7])
        let begin = ContinuousClock.now
        for descriptor in silent {
            #expect(Self.isEnded(descriptor))
            close(descriptor)
        }
        #expect((.seconds(1)...(.seconds(4))).contains(ContinuousClock.now - begin))
        try link.send([8])
        #expect(try link.receive(within: .seconds(1)) == [8])
        link.close()
        daemon.stop()
    }

    @Test func whoSpeaksSomethingElseIsLetGoAtOnce() throws {
        let path = freshPath()
        let daemon = try EchoDaemon(local: path)
        let descriptor = try Self.stranger(at: path)
        let begin = ContinuousClock.now
        #expect(send(descriptor, "GET / HTTP/1.1", 14, 0) == 14)
        #expect(Self.isEnded(descriptor))
        #expect(ContinuousClock.now - begin < .seconds(1))
        close(descriptor)
        daemon.stop()
    }

    @Test func whatDoesNotSpeakZeroMQIsToldFromNobody() throws {
        let path = freshPath()
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer {
            close(descriptor)
            unlink(path)
        }
        try #require(Self.withAddress(path) { bind(descriptor, $0, $1) } == 0 && listen(descriptor, 8) == 0)
        let error = #expect(throws: TransportError.self) {
            _ = try LocalTransport(connecting: DeviceURI("ipc://\(path)"), patience: .milliseconds(300))
        }
        #expect(error?.code == .cannotConnect)
        #expect(error?.detail.contains("does not speak ZeroMQ") == true, "\(error?.detail ?? "")")
    }

    @Test func nobodyListeningEndsInABoundedWait() throws {
        let begin = ContinuousClock.now
        let path = freshPath()
        let error = #expect(throws: TransportError.self) {
            _ = try LocalTransport(connecting: DeviceURI("ipc://\(path)"), patience: .milliseconds(400))
        }
        #expect(error?.code == .cannotConnect)
        #expect(error?.detail.contains(path) == true && error?.detail.contains("nobody listens there") == true)
        #expect((.milliseconds(390)...(.seconds(2))).contains(ContinuousClock.now - begin))
    }

    @Test func aPeerThatStartsLateIsFoundAndItsEndNoticedAtOnce() throws {
        let path = freshPath()
        let late = Mutex<EchoDaemon?>(nil)
        DispatchQueue(label: "late").asyncAfter(deadline: .now() + .milliseconds(300)) {
            let daemon = try? EchoDaemon(local: path)
            late.withLock { $0 = daemon }
        }
        var link = try LocalTransport(connecting: DeviceURI("ipc://\(path)"))
        try link.send([3])
        #expect(try link.receive(within: .seconds(5)) == [3])
        late.withLock { $0?.stop() }
        expectEnd(of: &link)
        link.close()
    }

    @Test func aPeerThatTakesNothingCountsAsGone() throws {
        let listener = try ZeroMQListener(on: DeviceURI("ipc://\(freshPath())"))
        var link = try LocalTransport(connecting: listener.address)
        let frame = [UInt8](repeating: 1, count: 1_000_000)
        let begin = ContinuousClock.now
        do {
            // The other end takes as many as may wait there.
            for _ in 0..<1_000 { try link.send(frame) }
            Issue.record("nobody took 1,000 frames")
        } catch {
            #expect(error.code == .peerGone)
            #expect(error.detail.contains("has taken nothing"), "\(error.detail)")
        }
        #expect(ContinuousClock.now - begin > .seconds(3))
        link.close()
        listener.close()
    }

    @Test func aPathHasOneDaemonAndOnlySocketsAreReplaced() throws {
        let path = freshPath()
        let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try #require(Self.withAddress(path) { bind(dead, $0, $1) } == 0)
        close(dead)
        let daemon = try EchoDaemon(local: path)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o077 == 0, "others may connect")
        let error = #expect(throws: TransportError.self) { _ = try LocalListener(on: daemon.address) }
        #expect(error?.code == .cannotBind && error?.errno == EADDRINUSE)
        var link = try LocalTransport(connecting: daemon.address)
        try link.send([5])
        #expect(try link.receive(within: .seconds(5)) == [5], "the refusal broke the first daemon")
        link.close()
        daemon.stop()
        #expect(access(path, F_OK) != 0, "the socket file is still there")

        let file = open(path, O_CREAT | O_WRONLY, 0o600)
        try #require(file >= 0)
        close(file)
        defer { unlink(path) }
        #expect(throws: TransportError.self) { _ = try LocalListener(on: DeviceURI("ipc://\(path)")) }
        #expect(access(path, F_OK) == 0, "a file that is no socket was removed")
    }

    /// Names of this machine; where it has no IPv6, none of that.
    private static let hosts =
        ["127.0.0.1", "localhost", "127.9.8.7"] + (access("/proc/net/if_inet6", F_OK) == 0 ? ["[::1]"] : [])

    @Test(arguments: hosts) func aPortOfThisMachineHasOneDaemon(host: String) throws {
        let daemon = try EchoDaemon(LocalListener(on: DeviceURI("tcp://\(host):0")))
        var link = try ZeroMQTransport(connecting: daemon.address)
        let longest = [UInt8](repeating: 1, count: ZeroMQLimits.frameBytes)
        for frame in [[7], longest] {
            try link.send(frame)
            #expect(try link.receive(within: .seconds(5)) == frame)
        }
        let error = #expect(throws: TransportError.self) { _ = try LocalListener(on: daemon.address) }
        #expect(error?.code == .cannotBind && error?.errno == EADDRINUSE, "\(String(describing: error))")
        daemon.stop()
        expectEnd(of: &link)
        link.close()
        // The address can be taken again at once.
        try LocalListener(on: daemon.address).close()
    }

    @Test func aWakeUpEndsAWaitAndIsRememberedOnce() throws {
        var listener = try LocalListener(on: DeviceURI("ipc://\(freshPath())"))
        listener.wake()
        let begin = ContinuousClock.now
        #expect(try listener.receive(within: .seconds(10)) == nil)
        #expect(ContinuousClock.now - begin < .seconds(2))
        let second = ContinuousClock.now
        #expect(try listener.receive(within: .milliseconds(50)) == nil)
        #expect(ContinuousClock.now - second >= .milliseconds(50))
        listener.close()
    }
}
