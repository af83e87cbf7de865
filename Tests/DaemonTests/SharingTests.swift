import DeviceClient
import DeviceTransport
import Glibc
import Substrate
import Testing
import ZeroMQDriver

extension DaemonTests {
    @Suite struct SharingTests {
        @Test func aSecondClientIsToldWhoHasTheChipAndGetsItAfterwards() async throws {
            let daemon = try TestDaemon(on: TestDaemon.freshAddress())
            let first = makeClient(of: daemon.address, label: "first run on bench 3")
            let second = makeClient(of: daemon.address, label: "second")
            _ = try await first.run(SmallExperiment.batch(1))
            let error = await #expect(throws: DeviceError.self) {
                try await second.run(SmallExperiment.batch(1))
            }
            #expect(error?.code == .leaseHeld, "\(String(describing: error))")
            #expect(error?.detail.contains("first run on bench 3") == true, "\(String(describing: error))")
            let third = makeClient(of: daemon.address, label: "third")
            #expect(try await third.deviceHealth().holder?.label == "first run on bench 3")
            await first.close()
            #expect(try await third.run(SmallExperiment.batch(1)).batch == 1)
            await third.close()
            await second.close()
            daemon.stop()
        }

        @Test func aPatientClientWaitsForTheChip() async throws {
            let daemon = try TestDaemon(on: TestDaemon.freshAddress())
            let first = makeClient(of: daemon.address)
            let second = makeClient(of: daemon.address) { $0.leasePatience = .seconds(20) }
            _ = try await first.run(SmallExperiment.batch(1))
            async let waiting = second.run(SmallExperiment.batch(9))
            try await Task.sleep(for: .milliseconds(300))
            await first.close()
            #expect(try await waiting.batch == 9)
            await second.close()
            daemon.stop()
        }

        @Test(arguments: [false, true])
        func theLeaseOutlastsALongComputationOnTheHost(onTheThreadOfTheLink: Bool) async throws {
            let daemon = try TestDaemon(on: TestDaemon.freshAddress())
            let first = makeClient(of: daemon.address) { $0.leaseTTL = .seconds(2) }
            _ = try await first.run(SmallExperiment.batch(1))
            let second = makeClient(of: daemon.address)
            // The pool's threads are kept busy, as by a computation: only the client's own can renew. So who asks for the
            // chip meanwhile has a thread of its own, too.
            let processors = sysconf(Int32(_SC_NPROCESSORS_ONLN))
            let error = await withTaskGroup(of: DeviceError?.self) { group in
                for _ in 0..<processors { group.addTask { compute(.seconds(5)) } }
                if onTheThreadOfTheLink {
                    group.addTask(executorPreference: first.hostExecutor) { compute(.seconds(5)) }
                }
                group.addTask(executorPreference: second.hostExecutor) {
                    _ = compute(.seconds(4))
                    return await #expect(throws: DeviceError.self) {
                        try await second.run(SmallExperiment.batch(1))
                    }
                }
                return await group.reduce(nil) { $0 ?? $1 }
            }
            #expect(error?.code == .leaseHeld, "\(String(describing: error))")
            #expect(try await first.run(SmallExperiment.batch(2)).batch == 2)
            #expect(await first.linkStatistics.reconnections == 0)
            await first.close()
            await second.close()
            daemon.stop()
        }

        /// Keeps a thread as a computation does, which fails with nothing.
        private func compute(_ time: Duration) -> DeviceError? {
            usleep(UInt32(time / .microseconds(1)))
            return nil
        }

        @Test func twoRunsInARowOnOneDaemonGiveTheSame() async throws {
            let daemon = try TestDaemon(on: TestDaemon.freshAddress())
            var runs: [[Recording]] = []
            for _ in 0..<2 {
                let client = makeClient(of: daemon.address)
                var recordings: [Recording] = []
                for number in 1...3 as ClosedRange<UInt64> {
                    recordings.append(try await client.run(SmallExperiment.batch(number)).reproducible)
                }
                runs.append(recordings)
                await client.close()
            }
            #expect(runs[0].map(\.spikes) == runs[1].map(\.spikes))
            #expect(runs[0].map(\.membranes) == runs[1].map(\.membranes))
            daemon.stop()
        }

        @Test func garbageNeitherEndsTheDaemonNorDisturbsAClient() async throws {
            let daemon = try TestDaemon(on: "tcp://127.0.0.1:0")
            guard case .tcp(_, let port, _) = daemon.address.link else { return }
            let client = makeClient(of: daemon.address)
            _ = try await client.run(SmallExperiment.batch(1))
            var random = SystemRandomNumberGenerator()
            for text in ["GET / HTTP/1.1\r\n\r\n", "\u{0}\u{0}", String(repeating: "x", count: 5_000)] {
                try sendRaw(Array(text.utf8), to: port)
            }
            try sendRaw((0..<4_096).map { _ in .random(in: 0...255, using: &random) }, to: port)
            var stranger = try ZeroMQTransport(connecting: daemon.address)
            for size in [0, 1, 63, 64, 68, 500, 70_000] {
                // The last frames look like ours at first.
                var frame = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
                if size >= 68 { frame.replaceSubrange(0..<6, with: Array("VLY1".utf8) + [1, 16]) }
                try? stranger.send(frame)
            }
            for number in 2...6 as ClosedRange<UInt64> {
                #expect(try await client.run(SmallExperiment.batch(number)).batch == number)
            }
            #expect(await client.linkStatistics.reconnections == 0)
            stranger.close()
            await client.close()
            #expect(daemon.stop() == .exited(0))
        }

        /// Opens a TCP connection, sends bytes and hangs up.
        private func sendRaw(_ bytes: [UInt8], to port: UInt16) throws {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            try #require(result == 0)
            send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            usleep(20_000)
        }
    }
}
