import ChipEmulator
import Foundation
import Substrate
import Testing

/// The ideal chip against a simulation in double precision that shares nothing with it.
///
/// A hundred random networks; with `VOLLEY_CAMPAIGN=1` a thousand. With `VOLLEY_REPORT=FOLDER` the figures go to
/// `FOLDER/reference.md` and `FOLDER/step.md`.
@Suite struct ReferenceTests {
    private static let isCampaign = ProcessInfo.processInfo.environment["VOLLEY_CAMPAIGN"] == "1"
    private static let networks: UInt64 = isCampaign ? 1_000 : 100

    @Test func spikesAreThoseOfAFineSimulation() throws {
        var report: [String] = []
        for recurrent in [false, true] {
            // The on-chip delay is 25 ticks, which is below a step, so inside a cycle it is one step.
            let comparison = try compare(recurrent: recurrent, delay: recurrent ? 42.4 : 25)
            report.append("\(recurrent ? "recurrent" : "feed-forward"): \(comparison.summary)")
            #expect(comparison.distances.count > Int(Self.networks) * 30, "\(comparison.summary)")
            #expect(comparison.differing == 0, "\(comparison.summary)")
            #expect(comparison.quantile(0.5) <= 0.5, "\(comparison.summary)")
            #expect(comparison.quantile(0.95) <= 2, "\(comparison.summary)")
            #expect(comparison.quantile(1) <= 16, "\(comparison.summary)")
        }
        try Self.write(report.joined(separator: "\n"), "reference.md")
    }

    /// Half of the networks, with seeds from 1 on.
    private func compare(recurrent: Bool, delay: Double) throws -> SpikeComparison {
        var comparison = SpikeComparison()
        var chip = EmulatedChip(profile: .ideal, serial: 1, threads: 1)
        for seed in 1...Self.networks / 2 {
            let (configuration, codes, events) = Self.network(seed, recurrent: recurrent)
            let window = Double(configuration.window)
            var expected = [[Double]](repeating: [], count: configuration.neuronCount)
            let reference = ReferenceSimulation.simulate(
                configuration, codes: codes, events: events, delay: delay, perTick: 4)
            for spike in reference where spike.tick.rounded() < window {
                expected[spike.neuron].append(spike.tick)
            }
            let batch = TestBatch.batch(
                configuration, codes: codes, entries: [events], membranes: 0..<0)
            let found = try chip.run(batch).spikes.events
            comparison.add(
                expected, SpikeComparison.times(found, neurons: configuration.neuronCount))
        }
        return comparison
    }

    @Test func halfTheStepMovesSpikesByLessThanTheChipsJitter() throws {
        // The delay is above a step, so that it is the same for both.
        let coarse = EffectCase.idealBut { $0.events.onChipDelay = 0.4 }
        var fine = coarse
        fine.integration.stepsPerSample *= 2
        fine.integration.longestStep /= 2
        var chips = [coarse, fine].map { EmulatedChip(profile: $0, serial: 1, threads: 1) }
        var comparison = SpikeComparison()
        for seed in 1...Self.networks {
            let (configuration, codes, events) = Self.network(
                seed, recurrent: seed.isMultiple(of: 2))
            let batch = TestBatch.batch(
                configuration, codes: codes, entries: [events], membranes: 0..<0)
            let times = try chips.indices.map {
                SpikeComparison.times(
                    try chips[$0].run(batch).spikes.events, neurons: configuration.neuronCount)
            }
            comparison.add(times[0], times[1])
        }
        // 7.5 ticks are the jitter's 60 ns.
        #expect(comparison.quantile(0.999) <= 7.5, "\(comparison.summary)")
        #expect(comparison.differing == 0, "\(comparison.summary)")
        try Self.write(
            "\(comparison.summary)\n\n\(comparison.histogram(width: 1, bins: 10))", "step.md")
    }

    private static func network(
        _ seed: UInt64, recurrent: Bool
    ) -> (ChipConfiguration, codes: [Int8], events: [(Int, Int)]) {
        var random = TestRandom(seed: seed)
        let configuration = random.network(recurrent: recurrent)
        let codes = random.codes(configuration)
        return (configuration, codes, random.events(configuration, count: 40))
    }

    private static func write(_ text: String, _ name: String) throws {
        guard let folder = EffectReport.folder else { return }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try (text + "\n").write(
            to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }
}
