import ChipEmulator
import Glibc
import Substrate
import Testing

/// What shifts from batch to batch reaches the membranes, as much as it should, whatever ran before.
@Suite struct BatchShiftTests {
    private func shifts(_ profile: ChipProfile, batch: UInt64, count: UInt32) -> [CircuitShift] {
        BatchConditions(profile: profile, serial: 3, noiseSeed: 1, batch: batch)
            .shifts(of: Array(0..<count))
    }

    /// Codes `[sample, column]` of 512 integrating neurons that get an event at tick 0.
    private func codes(
        _ chip: inout EmulatedChip, batch: UInt64, code: Int8, targets: NeuronTargets
    ) throws -> [UInt8] {
        let configuration = TestBatch.single(
            .integrating, size: 512, targets: targets, samples: 5)
        let batch = TestBatch.batch(
            configuration, codes: Array(repeating: code, count: 512), entries: [[(0, 0)]], id: batch)
        return try #require(try chip.run(batch).membranes?.codes)
    }

    @Test func aRestingMembraneIsAtTheLeakOfItsBatch() throws {
        let profile = EffectCase.idealBut {
            $0.batchJitter.leak = 3
            $0.drift.leak = 5
            $0.temperature.celsius = 31
            $0.temperature.leak = 0.5
            $0.timing.batchPeriod = 100
        }
        var chip = EmulatedChip(profile: profile, serial: 3)
        for batch in [UInt64(1), 2, 9, 1, 40] {
            let readings = try codes(&chip, batch: batch, code: 0, targets: TestBatch.targets())
            for (reading, shift) in zip(readings, shifts(profile, batch: batch, count: 512)) {
                // Single precision may round a half otherwise.
                #expect(abs(Double(reading) - 80 - shift.leak) <= 0.5001, "batch \(batch)")
            }
        }
    }

    @Test func aResponseHasTheTimeConstantsAndTheGainOfItsBatch() throws {
        let profile = EffectCase.idealBut {
            $0.batchJitter.tauMem = 0.1
            $0.drift.tauSyn = 0.1
            $0.temperature.celsius = 35
            $0.temperature.synapticGain = 0.01
            $0.timing.batchPeriod = 100
        }
        var chip = EmulatedChip(profile: profile, serial: 3)
        let targets = TestBatch.targets(tauMem: 10, excitatory: 5, gain: 4)
        let time = 3 * 212 * 0.008
        for batch in [UInt64(1), 7, 2] {
            let readings = try codes(&chip, batch: batch, code: 50, targets: targets)
            for (index, shift) in shifts(profile, batch: batch, count: 512).enumerated() {
                let (tauMem, tauSyn) = (10 * shift.tauMem, 5 * shift.tauSynExcitatory)
                let gain = 4 * shift.synapticGain * 50 * tauSyn / (tauMem - tauSyn)
                let expected = 80 + gain * (exp(-time / tauMem) - exp(-time / tauSyn))
                #expect(
                    abs(Double(readings[3 * 512 + index]) - expected) <= 0.51, "batch \(batch)")
            }
        }
    }

    @Test func aThresholdIsThatOfItsBatch() throws {
        let profile = EffectCase.idealBut { $0.batchJitter.threshold = 0.05 }
        var chip = EmulatedChip(profile: profile, serial: 3)
        let targets = TestBatch.targets(gain: 5)
        let configuration = TestBatch.single(.spiking, size: 512, targets: targets, samples: 0)
        for batch in [UInt64(5), 6] {
            let spikes = try chip.run(
                TestBatch.batch(
                    configuration, codes: Array(repeating: 63, count: 512), entries: [[(0, 0)]],
                    id: batch)
            ).spikes.events
            let shifts = shifts(profile, batch: batch, count: 512)
            for neuron in 0..<512 {
                let first = try #require(spikes.first { Int($0.unit) == neuron })
                let time = Double(first.tick) * 0.008 / 6
                let membrane = 315 * time * exp(-time)
                // A tick moves the membrane by 0.4 LSB there.
                #expect(abs(membrane - 70 * (1 + shifts[neuron].threshold)) < 0.4)
            }
        }
    }

    @Test(arguments: [ChipProfile.standard, .everything])
    func aBatchDoesNotDependOnThoseBefore(profile: ChipProfile) throws {
        var random = TestRandom(seed: 12)
        let configuration = random.network(recurrent: true)
        let codes = random.codes(configuration)
        let events = (0..<3).map { _ in random.events(configuration, count: 40) }
        func batch(_ id: UInt64) -> DeviceBatch {
            TestBatch.batch(configuration, codes: codes, entries: events, id: id)
        }
        var chip = EmulatedChip(profile: profile, serial: 3)
        for id in [UInt64(1), 4, 2, 4] {
            let recording = try chip.run(batch(id))
            var fresh = EmulatedChip(profile: profile, serial: 3)
            let expected = try fresh.run(batch(id))
            #expect(recording.membranes == expected.membranes, "batch \(id)")
            #expect(recording.spikes == expected.spikes, "batch \(id)")
            #expect(recording.temperature == expected.temperature, "batch \(id)")
        }
    }
}
