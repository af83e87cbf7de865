import ChipEmulator
import Glibc
import Substrate
import Testing

/// What a membrane does at the ends of its refractory time, on the ideal chip.
@Suite struct HeldMembraneTests {
    /// Inhibition right after a spike takes the membrane that nobody sees to the lower rail, and beyond the end of the
    /// refractory time; the one that is released stays far above. So a rail must change nothing.
    @Test func aRailThatIsMetWhileHeldIsForgottenAtTheRelease() throws {
        let targets = NeuronTargets(
            leak: 80, reset: 145, threshold: 150, tauMem: 10, tauSynExcitatory: 0.4,
            tauSynInhibitory: 0.8, refractory: 1.5, synapticGain: 10)
        let configuration = TestBatch.single(.spiking, inputs: 10, targets: targets)
        let codes = (0..<10).map { Int8($0 < 6 ? 48 : -48) }
        for tick in stride(from: 100, to: 400, by: 7) {
            let events = (0..<10).map { ($0 < 6 ? tick : tick + 80, $0) }
            let batch = TestBatch.batch(configuration, codes: codes, entries: [events])
            let free = try recording(.ideal, batch)
            #expect(free.spikes.eventCount == 1, "tick \(tick)")
            let railed = try recording(
                EffectCase.idealBut { $0.rails = .init(lower: 78, upper: 400) }, batch)
            let seen = try #require(free.membranes?.codes)
            let others = try #require(railed.membranes?.codes)
            #expect(seen.allSatisfy { $0 >= 80 }, "tick \(tick): the rail is met in sight")
            #expect(railed.spikes == free.spikes, "tick \(tick)")
            let distance = zip(seen, others).map { abs(Int($0) - Int($1)) }.max()
            #expect((distance ?? 0) <= 1, "tick \(tick): \(seen) and \(others)")
        }
    }

    /// A neuron whose leak is above its threshold fires at once. An event of that instant must count once, although the
    /// refractory time ends within the same step.
    @Test(arguments: [12.0, 25, 40])
    func anEventAtTheInstantOfASpikeCountsOnce(gain: Double) throws {
        let (tauMem, tauSyn, refractory) = (20.0, 6.0, 0.1)
        let targets = NeuronTargets(
            leak: 100, reset: 85, threshold: 95, tauMem: tauMem, tauSynExcitatory: tauSyn,
            tauSynInhibitory: tauSyn, refractory: refractory, synapticGain: gain / 10)
        let batch = TestBatch.batch(
            TestBatch.single(.spiking, targets: targets), codes: [10], entries: [[(0, 0)]])
        let ticks = try recording(.ideal, batch).spikes.events.map { Int($0.tick) }
        #expect(ticks.first == 0)
        // The second spike: from the reset, with what is left of the current.
        var low = 0.0
        var high = 20.0
        while high - low > 1e-6 {
            let time = (low + high) / 2
            let current = gain * exp(-refractory / tauSyn)
            let pushed = current * tauSyn / (tauMem - tauSyn) * (exp(-time / tauMem) - exp(-time / tauSyn))
            if -15 * exp(-time / tauMem) + pushed < -5 { low = time } else { high = time }
        }
        let expected = (refractory + low) * 125
        #expect(abs(Double(try #require(ticks.dropFirst().first)) - expected) <= 1, "\(expected)")
    }

    private func recording(_ profile: ChipProfile, _ batch: DeviceBatch) throws -> Recording {
        var chip = EmulatedChip(profile: profile, serial: 1, threads: 1)
        return try chip.run(batch)
    }
}
