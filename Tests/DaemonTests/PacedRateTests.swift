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
            _ = try await run(1)
            let count: UInt64 = 150
            var times: [(chip: Double, wall: Double)] = []
            let begin = ContinuousClock.now
            var chipSeconds = 0.0
            try await withThrowingTaskGroup(
                of: (end: ContinuousClock.Instant, chipSeconds: Double).self
            ) { group in
                // Two batches are in flight, so that the chip never waits for its client.
                group.addTask { try await run(2) }
                group.addTask { try await run(3) }
                var next: UInt64 = 4
                for try await finished in group {
                    chipSeconds += finished.chipSeconds
                    times.append((chipSeconds, (finished.end - begin) / .seconds(1)))
                    guard next <= count else { continue }
                    let number = next
                    group.addTask { try await run(number) }
                    next += 1
                }
            }
            // The slope over all batches, so that a pause of a busy machine at either end is no error of the rate.
            let n = Double(times.count)
            let (x, y) = (times.reduce(0) { $0 + $1.chip } / n, times.reduce(0) { $0 + $1.wall } / n)
            let slope =
                times.reduce(0) { $0 + ($1.chip - x) * ($1.wall - y) }
                / times.reduce(0) { $0 + ($1.chip - x) * ($1.chip - x) }
            let total = times[times.count - 1].wall
            print("paced: \(total) s for \(chipSeconds) s of chip time; rate off by \(100 * (slope - 1)) %")
            #expect(chipSeconds > 2.9)
            #expect(abs(slope - 1) < 0.01, "\(slope) s for each second of chip time")
            #expect(total >= chipSeconds, "faster than the chip: \(total) s for \(chipSeconds) s")
            await client.close()
            daemon.stop()
        }
    }
}
