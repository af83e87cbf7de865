import ChipEmulator
import Substrate
import Testing

/// Where events go when there are too many.
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
}
