import ChipEmulator
import Substrate
import Testing

/// Where events go when there are too many, and what a run costs.
@Suite struct EventPathTests {
    @Test func normalRatesLoseNothing() throws {
        var random = TestRandom(seed: 4)
        let configuration = random.network(recurrent: false)
        let codes = random.codes(configuration)
        let entries = (0..<20).map { _ in random.events(configuration, count: 100) }
        var chip = EmulatedChip(profile: .standard, serial: 1)
        let recording = try chip.run(TestBatch.batch(configuration, codes: codes, entries: entries))
        #expect(recording.accounting.offered == 2_000)
        #expect(recording.accounting.accepted == 2_000)
        #expect(recording.accounting.dropped == 0)
        #expect(recording.accounting.delivered == UInt64(recording.spikes.eventCount))
        #expect(recording.accounting.balances)
        #expect(
            recording.spikes.firstDisorder(unitCount: configuration.neuronCount, window: 4_240)
                == nil)
    }

    @Test func overloadIsCountedByCauseAndBalances() throws {
        var profile = ChipProfile.standard
        profile.events.inputLink = .init(rate: 250, depth: 256)
        profile.events.driverBus = .init(rate: 50, depth: 16)
        profile.events.arbiter = .init(rate: 20, depth: 4)
        profile.events.outputLink = .init(rate: 10, depth: 2)
        let configuration = TestBatch.single(
            .spiking, size: 200, inputs: 100, targets: TestBatch.targets(refractory: 0.1, gain: 5))
        // 4000 events in 40 ticks, where the link takes 80.
        let burst = (0..<4_000).map { (100 + $0 / 100, $0 % 100) }
        var chip = EmulatedChip(profile: profile, serial: 1)
        let recording = try chip.run(
            TestBatch.batch(
                configuration, codes: Array(repeating: 40, count: 20_000), entries: [burst, []]))
        let counts = recording.accounting
        #expect(counts.balances)
        #expect(counts.offered == 4_000)
        #expect(counts.droppedByInputLink > 0)
        #expect(counts.droppedByDriver > 0)
        #expect(counts.droppedByArbitration > 0)
        #expect(counts.droppedByOutputLink > 0)
        #expect(counts.delivered == UInt64(recording.spikes.eventCount))
        #expect(recording.validity[0].contains(.fifoOverflow))
        #expect(!recording.validity[1].contains(.fifoOverflow))
        #expect(recording.spikes.firstDisorder(unitCount: 200, window: 4_240) == nil)
    }

    @Test func jitteredSpikesStayInOrderAndInTheWindow() throws {
        var profile = ChipProfile.ideal
        profile.noise.spikeTime = 4_000
        let configuration = TestBatch.single(
            .spiking, size: 100, inputs: 4,
            targets: TestBatch.targets(refractory: 0, gain: 10))
        var chip = EmulatedChip(profile: profile, serial: 1)
        let recording = try chip.run(
            TestBatch.batch(
                configuration, codes: Array(repeating: 63, count: 400),
                entries: [(0..<400).map { ($0 * 10, $0 % 4) }]))
        #expect(recording.spikes.eventCount > 1_000)
        #expect(recording.spikes.firstDisorder(unitCount: 100, window: 4_240) == nil)
        #expect(recording.accounting.produced == UInt64(recording.spikes.eventCount))
    }

    @Test func thePublishedTimesAndEnergyComeOut() throws {
        var chip = EmulatedChip(profile: .standard, serial: 1)
        for (window, seconds) in [(1_563, 14.3e-6), (1_250, 11.8e-6)] {
            let configuration = TestBatch.single(
                .spiking, size: 246, inputs: 256, window: window, samples: 5)
            let entries = (0..<1_000).map { _ in (0..<70).map { (10 * $0, $0) } }
            let batch = TestBatch.batch(
                configuration, codes: Array(repeating: 0, count: 256 * 246), entries: entries)
            let first = try chip.run(batch).execution
            #expect(first.configurationSeconds == (window == 1_563 ? 0.02 : 0))
            let report = try chip.run(batch).execution
            #expect(report.configurationSeconds == 0 && report.weightSeconds == 0)
            let runs = ((1_000 - 1) / (131_072 / (5 * 256)) + 1)
            let pattern = (report.chipSeconds - Double(runs) * 20e-6) / 1_000
            #expect(abs(pattern / seconds - 1) < 0.01, "\(pattern)")
            guard window == 1_563 else { continue }
            let energy = (report.energy - Double(runs) * 20e-6 * 0.28) / 1_000
            #expect(abs(energy / 4.3e-6 - 1) < 0.05, "\(energy)")
        }
    }

    @Test func aTraceStreamThatOutlastsTheWindowIsReadback() throws {
        var chip = EmulatedChip(profile: .standard, serial: 1)
        let configuration = TestBatch.single(.integrating, window: 4_240, samples: 20)
        let batch = TestBatch.batch(configuration, codes: [0], entries: [[]])
        let report = try chip.run(batch).execution
        #expect(report.readbackSeconds == max(0, 5_120 / 151e6 - 4_240 * 8e-9))
        var dense = configuration
        dense.samplePeriod = 100
        dense.sampleCount = 40
        let long = try chip.run(TestBatch.batch(dense, codes: [0], entries: [[]])).execution
        #expect(abs(long.readbackSeconds - (10_240 / 151e6 - 33.92e-6)) < 1e-9)
    }
}
