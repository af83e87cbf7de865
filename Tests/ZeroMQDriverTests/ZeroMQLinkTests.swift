import DeviceTransport
import Dispatch
import Glibc
import Synchronization
import Testing
import ZeroMQDriver

@Suite struct ZeroMQLinkTests {
    @Test(arguments: [true, false])
    func framesOfEverySizeComeBackUnchanged(overLocalSocket: Bool) throws {
        let path = freshPath()
        let daemon = try EchoDaemon(
            on: DeviceURI(overLocalSocket ? "ipc://\(path)" : "tcp://127.0.0.1:0"))
        var link = try ZeroMQTransport(connecting: daemon.address)
        for size in [1, 68, 4_096, 65_536, ZeroMQLimits.frameBytes] {
            let frame = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) }
            try link.send(frame)
            #expect(try link.receive(within: .seconds(5)) == frame, "\(size) bytes")
        }
        link.close()
        daemon.stop()
        #expect(access(path, F_OK) != 0, "the socket file is still there")
    }

    @Test func framesAboveTheLimitEndTheConnectionAndHarmNobodyElse() throws {
        let daemon = try EchoDaemon(on: DeviceURI("ipc://\(freshPath())"), frameLimit: 1_000)
        var big = try ZeroMQTransport(connecting: daemon.address)
        var small = try ZeroMQTransport(connecting: daemon.address)
        try big.send([UInt8](repeating: 1, count: 1_001))
        do {
            let answer = try big.receive(within: .seconds(5))
            Issue.record("a frame above the limit was answered: \(String(describing: answer))")
        } catch {
            #expect(error.code == .peerGone)
        }
        try small.send([7])
        #expect(try small.receive(within: .seconds(5)) == [7])
        big.close()
        small.close()
        daemon.stop()
    }

    @Test func aPeerThatLeavesIsNoticedAtOnce() throws {
        let daemon = try EchoDaemon(on: DeviceURI("ipc://\(freshPath())"))
        var link = try ZeroMQTransport(connecting: daemon.address)
        daemon.stop()
        expectEnd(of: &link)
        link.close()
    }

    @Test(arguments: ["ipc:///tmp/volley-nobody-\(getpid()).sock", "tcp://127.0.0.1:9"])
    func nobodyListeningEndsInABoundedWait(address: String) throws {
        let begin = ContinuousClock.now
        do {
            let link = try ZeroMQTransport(
                connecting: DeviceURI(address), patience: .milliseconds(400))
            link.close()
            Issue.record("connected to nobody")
        } catch {
            #expect(error.code == .cannotConnect)
            #expect(error.detail.contains(address), "\(error.detail)")
            #expect(error.detail.contains("nobody listens there"), "\(error.detail)")
        }
        let waited = ContinuousClock.now - begin
        #expect(waited > .milliseconds(390) && waited < .seconds(2), "\(waited)")
    }

    /// libzmq reports a connection's failure while the attempt is given up: its thread must not wait for who no longer
    /// listens.
    @Test func attemptsThatAreGivenUpLeaveTheContextInOrder() throws {
        let context = ZeroMQContext()
        let nobody = try DeviceURI("ipc://\(freshPath())")
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for attempt in 0..<250 {
                let patience = Duration.microseconds(attempt * 37 % 2_000)
                _ = try? ZeroMQTransport(connecting: nobody, patience: patience, context: context)
            }
        }
        let daemon = try EchoDaemon(on: DeviceURI("ipc://\(freshPath())"))
        var link = try ZeroMQTransport(connecting: daemon.address, context: context)
        try link.send([7])
        #expect(try link.receive(within: .seconds(5)) == [7])
        link.close()
        daemon.stop()
    }

    @Test func aPeerThatStartsLateIsFound() throws {
        let uri = try DeviceURI("ipc://\(freshPath())")
        let late = Mutex<EchoDaemon?>(nil)
        DispatchQueue(label: "late").asyncAfter(deadline: .now() + .milliseconds(300)) {
            late.withLock { $0 = try? EchoDaemon(on: uri) }
        }
        var link = try ZeroMQTransport(connecting: uri)
        try link.send([3])
        #expect(try link.receive(within: .seconds(5)) == [3])
        link.close()
        late.withLock { $0?.stop() }
    }

    @Test func twoDaemonsCannotShareAnAddress() throws {
        let local = try EchoDaemon(on: DeviceURI("ipc://\(freshPath())"))
        let network = try EchoDaemon(on: DeviceURI("tcp://127.0.0.1:0"))
        for address in [local.address, network.address] {
            do {
                let second = try ZeroMQListener(on: address)
                second.close()
                Issue.record("two listeners on \(address)")
            } catch {
                #expect(error.code == .cannotBind)
                #expect(error.errno == EADDRINUSE, "\(error)")
            }
        }
        var link = try ZeroMQTransport(connecting: local.address)
        try link.send([5])
        #expect(try link.receive(within: .seconds(5)) == [5], "the refusal broke the first daemon")
        link.close()
        local.stop()
        network.stop()
    }

    @Test func aSocketFileLeftByADeadDaemonIsReplacedAndAnotherFileIsNot() throws {
        let path = freshPath()
        let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(dead, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        close(dead)
        try #require(access(path, F_OK) == 0)
        let listener = try ZeroMQListener(on: DeviceURI("ipc://\(path)"))
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o077 == 0, "others may connect")
        listener.close()

        let file = open(path, O_CREAT | O_WRONLY, 0o600)
        try #require(file >= 0)
        close(file)
        defer { unlink(path) }
        #expect(throws: TransportError.self) {
            try ZeroMQListener(on: DeviceURI("ipc://\(path)")).close()
        }
        #expect(access(path, F_OK) == 0, "a file that is no socket was removed")
    }

    @Test(arguments: ["tcp://0.0.0.0:7755", "tcp://*:7755", "tcp://10.1.2.3:7755", "ipc://@volley"], [true, false])
    func addressesThatOthersCouldReachAreRefused(address: String, byZeroMQ: Bool) throws {
        let error = #expect(throws: TransportError.self) {
            if byZeroMQ {
                try ZeroMQListener(on: DeviceURI(address)).close()
            } else {
                try LocalListener(on: DeviceURI(address)).close()
            }
        }
        #expect(error?.code == .cannotBind)
        let reasons = ["could drive the chip", "would let anyone"]
        #expect(reasons.contains { error?.detail.contains($0) == true }, "\(error?.detail ?? "")")
    }

    @Test func aWakeUpEndsAWaitAndIsRememberedOnce() throws {
        var listener = try ZeroMQListener(on: DeviceURI("ipc://\(freshPath())"))
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
