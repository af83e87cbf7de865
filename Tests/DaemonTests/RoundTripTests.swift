import ChipEmulator
import DeviceClient
import DeviceTransport
import Glibc
import Substrate
import Synchronization
import Testing
import ZeroMQDriver

extension DaemonTests {
    @Suite struct RoundTripTests {
        @Test(arguments: ["ipc", "tcp"])
        func batchesThroughTheDaemonEqualTheChipInProcess(link: String) async throws {
            let daemon = try TestDaemon(
                on: link == "ipc" ? TestDaemon.freshAddress() : "tcp://127.0.0.1:0",
                ["--serial", "3"])
            let client = makeClient(of: daemon.address)
            var chip = EmulatedChip(profile: .standard, serial: 3)
            #expect(try await client.describe().serial == 3)
            var spikes = 0
            for number in 1...6 as ClosedRange<UInt64> {
                // Batch 4 repeats the weights of 3, so that nothing of them is sent.
                var batch = SmallExperiment.batch(number, entries: 40)
                if number == 4 { batch.synapses = SmallExperiment.batch(3).synapses }
                let measured = try await client.run(batch)
                let expected = try chip.run(batch)
                #expect(measured.spikes == expected.spikes, "batch \(number)")
                #expect(measured.membranes == expected.membranes, "batch \(number)")
                #expect(measured.reproducible == expected.reproducible, "batch \(number)")
                #expect(measured.execution.deviceSeconds > 0)
                spikes += measured.spikes.eventCount
            }
            #expect(spikes > 100, "the network is too quiet to prove anything: \(spikes) spikes")
            let statistics = await client.linkStatistics
            #expect(statistics.batches == 6)
            #expect(statistics.bytesOut > 0 && statistics.bytesIn > 0)
            await client.close()
            #expect(daemon.stop() == .exited(0))
        }

        @Test func aLargeBatchIsCutIntoFramesAndPutTogetherAgain() async throws {
            let daemon = try TestDaemon(on: TestDaemon.freshAddress(), ["--profile", "ideal"])
            let client = makeClient(of: daemon.address)
            var batch = SmallExperiment.batch(1, entries: 400)
            batch.configuration.populations[1].size = 240
            batch.configuration.sampleCount = 40
            batch.configuration.window = 9_000
            batch.synapses = SynapseMatrix(silentFor: batch.configuration)
            for index in batch.synapses.codes.indices { batch.synapses.codes[index] = Int8(index % 50) }
            batch.observables.membranes = 0..<252
            var chip = EmulatedChip(profile: .ideal, serial: 1)
            let measured = try await client.run(batch)
            let expected = try chip.run(batch)
            #expect((measured.membranes?.codes.count ?? 0) == 400 * 40 * 252)
            #expect(measured.reproducible == expected.reproducible)
            await client.close()
            daemon.stop()
        }

        @Test func batchesOfSeveralTasksMayBeUnderWayTogether() async throws {
            let daemon = try TestDaemon(on: TestDaemon.freshAddress())
            let client = makeClient(of: daemon.address)
            let recordings = try await withThrowingTaskGroup(of: Recording.self) { group in
                for number in 1...8 as ClosedRange<UInt64> {
                    group.addTask { try await client.run(SmallExperiment.batch(number)) }
                }
                return try await group.reduce(into: [UInt64: Recording]()) { $0[$1.batch] = $1 }
            }
            var chip = EmulatedChip(profile: .standard, serial: 1)
            for number in 1...8 as ClosedRange<UInt64> {
                let expected = try chip.run(SmallExperiment.batch(number))
                #expect(recordings[number]?.spikes == expected.spikes, "batch \(number)")
                #expect(recordings[number]?.membranes == expected.membranes, "batch \(number)")
            }
            await client.close()
            daemon.stop()
        }

        @Test func aBatchThatDoesNotFitIsRefusedAndTheNextOneRuns() async throws {
            let daemon = try TestDaemon(on: TestDaemon.freshAddress())
            let client = makeClient(of: daemon.address)
            var large = SmallExperiment.batch(1)
            large.configuration.populations[0].size = 4_000
            large.synapses = SynapseMatrix(silentFor: large.configuration)
            let batch = large
            let error = await #expect(throws: DeviceError.self) { try await client.run(batch) }
            #expect(error?.code == .invalidRequest, "\(String(describing: error))")
            #expect(try await client.run(SmallExperiment.batch(2)).batch == 2)
            await client.close()
            daemon.stop()
        }

        @Test func pacedResultsComeAtTheRateOfTheChip() async throws {
            let daemon = try TestDaemon(
                on: TestDaemon.freshAddress(), ["--mode", "paced", "--profile", "ideal"])
            let client = makeClient(of: daemon.address)
            // The first batch pays for the configuration; 100 entries spaced by 400 us are 40 ms of chip time.
            _ = try await client.run(SmallExperiment.batch(1, entries: 100, entrySpacing: 50_000))
            let begin = ContinuousClock.now
            var chipSeconds = 0.0
            for number in 2...16 as ClosedRange<UInt64> {
                let batch = SmallExperiment.batch(number, entries: 100, entrySpacing: 50_000)
                chipSeconds += try await client.run(batch).execution.chipSeconds
            }
            let seconds = (ContinuousClock.now - begin) / .seconds(1)
            #expect(chipSeconds > 0.5)
            #expect(seconds >= chipSeconds, "faster than the chip: \(seconds) s for \(chipSeconds) s")
            #expect(seconds < chipSeconds * 1.3 + 0.1, "\(seconds) s for \(chipSeconds) s of chip time")
            await client.close()
            daemon.stop()
        }

        @Test func theBundledDaemonServesAndLeavesNothingBehind() async throws {
            let daemon = try DaemonProcess(executable: TestDaemon.program(), arguments: ["--serial", "5"])
            guard case .ipc(let path) = daemon.address.link else { return }
            let client = makeClient(of: daemon.address)
            #expect(try await client.describe().serial == 5)
            await client.close()
            #expect(daemon.failure == nil)
            daemon.stop()
            #expect(access(path, F_OK) != 0)
            #expect(access(String(path.dropLast("/chip.sock".count)), F_OK) != 0)
            #expect(kill(daemon.processIdentifier, 0) != 0, "the daemon still runs")
        }

        @Test func aDaemonThatCannotStartIsReportedWithItsLastWords() throws {
            let error = #expect(throws: DeviceError.self) {
                _ = try DaemonProcess(
                    executable: TestDaemon.program(), arguments: ["--profile", "nonsense"])
            }
            #expect(error?.code == .invalidRequest, "\(String(describing: error))")
            #expect(
                error?.detail.contains("there is no chip profile \"nonsense\"; known: bss2,") == true,
                "\(String(describing: error))")
        }
    }
}

extension DaemonTests {
    @Suite struct StreamingTests {
        /// The same slices in the same bits, whatever the link, and a chip whose other batch is under way.
        @Test(arguments: ["ipc", "tcp"])
        func slicesThroughTheDaemonAreThoseOfTheChipInProcess(link: String) async throws {
            let daemon = try TestDaemon(
                on: link == "ipc" ? TestDaemon.freshAddress() : "tcp://127.0.0.1:0", ["--serial", "4"])
            let client = makeClient(of: daemon.address)
            var chip = EmulatedChip(profile: .standard, serial: 4)
            for (number, length) in [(1, 8), (2, 3), (3, 1), (4, 100)] as [(UInt64, Int)] {
                let batch = SmallExperiment.batch(number, entries: 20)
                let next = SmallExperiment.batch(number + 1, entries: 20)
                let received = Mutex<[RecordingSlice]>([])
                let totals = try await client.run(batch, slicesOf: length) {
                    ExpectedInputs(next.inputs, of: next.id, on: next.configuration)
                } receive: { slice in
                    received.withLock { $0.append(slice) }
                }
                let expected = try chip.run(batch)
                #expect(received.withLock { $0 } == expected.slices(of: length), "slices of \(length)")
                #expect(totals.accounting == expected.accounting)
            }
            await client.close()
            daemon.stop()
        }
    }
}
