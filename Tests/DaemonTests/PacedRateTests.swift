import ChipEmulator
import DeviceClient
import Substrate
import Testing

extension DaemonTests {
    /// `--mode paced`: a client sees the rate of the chip.
    @Suite struct PacedRateTests {
        @Test func aChipThatIsKeptFedHoldsItsRateWithinOnePercent() async throws {
            let daemon = try TestDaemon(on: TestDaemon.freshAddress(), ["--mode", "paced"])
            let client = makeClient(of: daemon.address)
            // 100 entries spaced by 200 us are 20 ms of chip time; the first batch pays for the configuration.
            func run(_ number: UInt64) async throws -> (end: ContinuousClock.Instant, chipSeconds: Double) {
                let batch = SmallExperiment.batch(number, entries: 100, entrySpacing: 25_000)
                let recording = try await client.run(batch)
                return (.now, recording.execution.chipSeconds)
            }
            var begin = try await run(1).end
            var chipSeconds = 0.0
            var end = begin
            let count: UInt64 = 150
            try await withThrowingTaskGroup(
                of: (end: ContinuousClock.Instant, chipSeconds: Double).self
            ) { group in
                group.addTask { try await run(2) }
                group.addTask { try await run(3) }
                var next: UInt64 = 4
                var done = 0
                for try await finished in group {
                    done += 1
                    // Two batches are in flight from the first of them on.
                    if done == 1 { begin = finished.end } else { chipSeconds += finished.chipSeconds }
                    end = finished.end
                    if next <= count {
                        let number = next
                        group.addTask { try await run(number) }
                        next += 1
                    }
                }
            }
            let seconds = (end - begin) / .seconds(1)
            let error = seconds / chipSeconds - 1
            print("paced: \(seconds) s for \(chipSeconds) s of chip time, \(100 * error) %")
            #expect(chipSeconds > 2.9)
            #expect(abs(error) < 0.01, "\(seconds) s for \(chipSeconds) s of chip time")
            await client.close()
            daemon.stop()
        }
    }
}
