import ChipEmulator
import DeviceClient
import DeviceTransport
import Glibc
import StreamDriver
import Substrate
import Synchronization
import Testing
import ZeroMQDriver

extension DaemonTests {
    @Suite struct FailureTests {
        @Test func killingTheBundledDaemonIsReportedWithinSeconds() async throws {
            let daemon = try DaemonProcess(executable: TestDaemon.program(), arguments: ["--mode", "paced"])
            let client = makeClient(of: daemon.address) { $0.verdict = { daemon.failure } }
            _ = try await client.run(SmallExperiment.batch(1))
            // Not on the pool, whose threads other tests keep for seconds.
            try await withTaskExecutorPreference(client.hostExecutor) {
                // 1,000 entries spaced by 10 ms: the kill comes while the batch runs, however busy the thread pool is.
                async let running = client.run(SmallExperiment.batch(2, entries: 1_000, entrySpacing: 1_250_000))
                try await waitForWork(of: client)
                let begin = ContinuousClock.now
                kill(daemon.processIdentifier, SIGKILL)
                do {
                    _ = try await running
                    Issue.record("a killed daemon gave a recording")
                } catch let error as DeviceError {
                    #expect(error.code == .linkLost)
                    #expect(error.detail.contains("was killed by signal 9"), "\(error)")
                    #expect(error.remedy?.contains("--resume") == true)
                }
                #expect(ContinuousClock.now - begin < .seconds(3))
            }
            await client.close()
            daemon.stop()
        }

        @Test func aDaemonThatDoesNotComeBackEndsThePatience() async throws {
            let address = TestDaemon.freshAddress()
            let daemon = try TestDaemon(on: address)
            defer { unlink(String(address.dropFirst("ipc://".count))) }
            let notices = Mutex<[String]>([])
            let client = makeClient(of: daemon.address) {
                $0.linkPatience = .seconds(1)
                $0.notice = { text in notices.withLock { $0.append(text) } }
            }
            _ = try await client.run(SmallExperiment.batch(1))
            daemon.kill()
            let begin = ContinuousClock.now
            let error = await #expect(throws: DeviceError.self) {
                try await client.run(SmallExperiment.batch(2))
            }
            #expect(error?.code == .linkLost, "\(String(describing: error))")
            #expect(error?.remedy?.contains("--resume") == true)
            let waited = ContinuousClock.now - begin
            #expect(waited > .milliseconds(700) && waited < .seconds(3), "\(waited)")
            #expect(notices.withLock { $0.count } == 1, "\(notices.withLock { $0 })")
            await client.close()
        }

        @Test func aDaemonThatRestartsBetweenBatchesIsSurvivedWithTheSameResults() async throws {
            let address = TestDaemon.freshAddress()
            var daemon = try TestDaemon(on: address, ["--serial", "2"])
            let client = makeClient(of: daemon.address)
            var chip = EmulatedChip(profile: .standard, serial: 2)
            for number in 1...4 as ClosedRange<UInt64> {
                let batch = SmallExperiment.batch(number)
                let measured = try await client.run(batch)
                let expected = try chip.run(batch)
                #expect(measured.spikes == expected.spikes, "batch \(number)")
                #expect(measured.membranes == expected.membranes, "batch \(number)")
                if number % 2 == 1 {
                    daemon.kill()
                    daemon = try TestDaemon(on: address, ["--serial", "2"])
                }
            }
            #expect(await client.linkStatistics.reconnections >= 2)
            await client.close()
            #expect(daemon.stop() == .exited(0))
        }

        @Test func aDaemonThatRestartsWhileABatchRunsIsSurvived() async throws {
            let address = TestDaemon.freshAddress()
            var daemon = try TestDaemon(on: address, ["--mode", "paced"])
            let client = makeClient(of: daemon.address)
            _ = try await client.run(SmallExperiment.batch(1))
            let batch = SmallExperiment.batch(2, entries: 1_000, entrySpacing: 1_250_000)
            async let running = client.run(batch)
            try await waitForWork(of: client)
            daemon.kill()
            daemon = try TestDaemon(on: address)
            let measured = try await running
            var chip = EmulatedChip(profile: .standard, serial: 1)
            let expected = try chip.run(batch)
            #expect(measured.spikes == expected.spikes)
            #expect(measured.membranes == expected.membranes)
            await client.close()
            daemon.stop()
        }

        @Test func terminationLetsARunningBatchFinishAndRemovesTheSocket() async throws {
            let address = TestDaemon.freshAddress()
            let daemon = try TestDaemon(on: address, ["--mode", "paced"])
            let client = makeClient(of: daemon.address)
            _ = try await client.run(SmallExperiment.batch(1))
            async let running = client.run(SmallExperiment.batch(2, entries: 1_000, entrySpacing: 62_500))
            try await waitForWork(of: client)
            let begin = ContinuousClock.now
            let end = daemon.stop()
            #expect(end == .exited(0))
            #expect(ContinuousClock.now - begin < .seconds(6))
            #expect(try await running.batch == 2)
            #expect(access(String(address.dropFirst("ipc://".count)), F_OK) != 0, "the socket is still there")
            await client.close()
        }

        /// The daemon waits five seconds for a job that runs, and two for what it still has to send.
        @Test func terminationGivesUpAJobThatTakesTooLong() async throws {
            let daemon = try TestDaemon(on: TestDaemon.freshAddress(), ["--mode", "paced"])
            let client = makeClient(of: daemon.address) { $0.linkPatience = .milliseconds(300) }
            _ = try await client.run(SmallExperiment.batch(1))
            try await withTaskExecutorPreference(client.hostExecutor) {
                // 1,000 entries spaced by 20 ms: twenty seconds.
                async let running = client.run(SmallExperiment.batch(2, entries: 1_000, entrySpacing: 2_500_000))
                try await waitForWork(of: client)
                let begin = ContinuousClock.now
                kill(daemon.process.identifier, SIGTERM)
                do {
                    _ = try await running
                    Issue.record("a job of twenty seconds was waited for")
                } catch let error as DeviceError {
                    #expect([.cancelled, .linkLost].contains(error.code), "\(error)")
                }
                let waited = ContinuousClock.now - begin
                #expect(waited > .seconds(4) && waited < .seconds(9), "\(waited)")
            }
            await client.close()
            #expect(daemon.stop() == .exited(0))
        }

        @Test func nobodyListeningIsReportedWithinTheContactPatience() async throws {
            let client = makeClient(of: try DeviceURI("ipc:///tmp/volley-no-such-\(getpid()).sock")) {
                $0.contactPatience = .milliseconds(500)
            }
            // Not on the pool, whose threads other tests keep for seconds.
            await withTaskExecutorPreference(client.hostExecutor) {
                let begin = ContinuousClock.now
                let error = await #expect(throws: DeviceError.self) { try await client.describe() }
                #expect(ContinuousClock.now - begin < .seconds(2))
                #expect(error?.code == .unreachable)
                #expect(error?.detail.contains("nobody listens there") == true)
                #expect(error?.remedy?.contains("volleyd --listen") == true)
            }
        }

        @Test func aPeerThatSpeaksAnotherProtocolIsReportedWithinTheContactPatience() async throws {
            // A ZeroMQ listener that takes frames and never answers.
            let listener = try ZeroMQListener(on: DeviceURI(TestDaemon.freshAddress()))
            let client = makeClient(of: listener.address) { $0.contactPatience = .seconds(3) }
            // Not on the pool, as above.
            await withTaskExecutorPreference(client.hostExecutor) {
                let begin = ContinuousClock.now
                let error = await #expect(throws: DeviceError.self) { try await client.describe() }
                #expect(error?.code == .unreachable, "\(String(describing: error))")
                #expect(ContinuousClock.now - begin < .seconds(6))
            }
            await client.close()
            listener.close()
        }

        @Test func cancellingATaskEndsItsBatchAndTheNextOneRuns() async throws {
            let daemon = try TestDaemon(on: TestDaemon.freshAddress(), ["--mode", "paced"])
            let client = makeClient(of: daemon.address)
            _ = try await client.run(SmallExperiment.batch(1))
            let task = Task {
                try await client.run(SmallExperiment.batch(2, entries: 1_000, entrySpacing: 1_250_000))
            }
            try await waitForWork(of: client)
            let begin = ContinuousClock.now
            task.cancel()
            let result = await task.result
            #expect(ContinuousClock.now - begin < .seconds(2))
            if case .failure(let error as DeviceError) = result {
                #expect(error.code == .cancelled, "\(error)")
            } else {
                Issue.record("a cancelled batch gave \(result)")
            }
            #expect(try await client.run(SmallExperiment.batch(3)).batch == 3)
            await client.close()
            daemon.stop()
        }

        /// The batch would keep the chip for more than two seconds.
        @Test func clientsAreAnsweredWhileABatchRunsAndACancelledOneFreesTheChip() async throws {
            let daemon = try TestDaemon(
                on: TestDaemon.freshAddress(), ["--threads", "1", "--set", "integration.longest_step_ticks=1"])
            let client = makeClient(of: daemon.address)
            // Not on the pool, as above.
            try await withTaskExecutorPreference(client.hostExecutor) {
                let task = Task { try await client.run(SmallExperiment.longBatch(1)) }
                try await waitForWork(of: client)
                var begin = ContinuousClock.now
                for _ in 0..<10 { #expect(try await client.deviceHealth().jobsQueued == 1) }
                let answered = ContinuousClock.now - begin
                begin = .now
                task.cancel()
                let result = await task.result
                #expect(throws: DeviceError.self) { try result.get() }
                #expect(try await client.run(SmallExperiment.batch(2)).batch == 2)
                let freed = ContinuousClock.now - begin
                #expect(answered < .seconds(1) && freed < .seconds(1), "\(answered), \(freed)")
            }
            await client.close()
            #expect(daemon.stop() == .exited(0))
        }

        @Test func theDaemonEndsWhenWhoeverHoldsItsInputIsKilled() async throws {
            let address = TestDaemon.freshAddress()
            let path = String(address.dropFirst("ipc://".count))
            let fifo = "\(path).fifo"
            try #require(mkfifo(fifo, 0o600) == 0)
            defer { unlink(fifo) }
            // The shell becomes `sleep`, which holds the only writing end of the daemon's input.
            let script =
                "'\(try TestDaemon.program())' --listen \(address) --exit-with-parent < '\(fifo)' & exec sleep 60 > '\(fifo)' 9>&1"
            let parent = try ChildProcess.start("/bin/sh", arguments: ["-c", script], log: "/dev/null")
            defer {
                close(parent.input)
                close(parent.output)
            }
            try #require(ChildProcess.readLine(from: parent.output, within: .seconds(10)) != nil)
            #expect(access(path, F_OK) == 0)
            kill(parent.child.identifier, SIGKILL)
            let begin = ContinuousClock.now
            while access(path, F_OK) == 0, ContinuousClock.now - begin < .seconds(5) { usleep(10_000) }
            #expect(access(path, F_OK) != 0, "the daemon outlived its parent by five seconds")
            while parent.child.endIfAny() == nil { usleep(1_000) }
        }
    }
}
