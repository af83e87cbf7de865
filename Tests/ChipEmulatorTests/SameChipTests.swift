import ChipEmulator
import Substrate
import Testing

/// What a serial means: the same bits wherever and however it runs.
@Suite struct SameChipTests {
    private func batch(
        seed: UInt64 = 3, entries: Int = 12, recurrent: Bool = true, id: UInt64 = 4
    ) -> DeviceBatch {
        var random = TestRandom(seed: seed)
        let configuration = random.network(recurrent: recurrent)
        let codes = random.codes(configuration)
        let events = (0..<entries).map { _ in random.events(configuration, count: 30) }
        return TestBatch.batch(configuration, codes: codes, entries: events, id: id)
    }

    @Test(arguments: [ChipProfile.Integration.Resolution.tick, .step])
    func threadsAndInstructionSetsGiveTheSameBits(
        resolution: ChipProfile.Integration.Resolution
    ) throws {
        var profile = ChipProfile.everything
        profile.integration.resolution = resolution
        for recurrent in [false, true] {
            let batch = batch(recurrent: recurrent)
            var first = EmulatedChip(
                profile: profile, serial: 42, threads: 1, instructionSet: .baseline)
            let expected = try first.run(batch)
            #expect(expected.spikes.eventCount > 100)
            for instructionSet in InstructionSet.available {
                for threads in 1...3 {
                    var chip = EmulatedChip(
                        profile: profile, serial: 42, threads: threads,
                        instructionSet: instructionSet)
                    #expect(
                        try chip.run(batch) == expected, "\(instructionSet), \(threads) threads")
                }
            }
        }
    }

    @Test func everythingOffIsTheIdealChipBitForBit() throws {
        var profile = ChipProfile.everything
        let ideal = ChipProfile.ideal
        profile.mismatch = ideal.mismatch
        profile.defects = ideal.defects
        profile.programming = ideal.programming
        profile.noise = ideal.noise
        profile.batchJitter = ideal.batchJitter
        profile.drift = ideal.drift
        profile.temperature = ideal.temperature
        profile.crosstalk = ideal.crosstalk
        profile.converter = ideal.converter
        profile.rails = nil
        profile.events = ideal.events
        profile.parameters.bits = 0
        var off = EmulatedChip(profile: profile, serial: 42)
        var reference = EmulatedChip(profile: .ideal, serial: 1)
        for seed in UInt64(1)...5 {
            let batch = batch(seed: seed)
            #expect(try off.run(batch) == reference.run(batch), "seed \(seed)")
        }
    }

    @Test func anotherSerialBatchOrNoiseSeedIsAnotherRecording() throws {
        var chip = EmulatedChip(profile: .everything, serial: 1)
        var other = EmulatedChip(profile: .everything, serial: 2)
        var batch = batch()
        let expected = try chip.run(batch)
        #expect(try other.run(batch).membranes != expected.membranes)
        batch.id += 1
        #expect(try chip.run(batch).membranes != expected.membranes)
        batch.id -= 1
        batch.configuration.noiseSeed += 1
        #expect(try chip.run(batch).membranes != expected.membranes)
    }

    @Test func aRecordingDoesNotDependOnWhatRanBefore() throws {
        var fresh = EmulatedChip(profile: .everything, serial: 1)
        let batch = batch()
        let expected = try fresh.run(batch)
        var used = EmulatedChip(profile: .everything, serial: 1)
        _ = try used.run(self.batch(seed: 8))
        var changed = batch
        changed.synapses = SynapseMatrix(silentFor: batch.configuration)
        _ = try used.run(changed)
        var copy = used
        let again = try copy.run(batch)
        let after = try used.run(batch)
        #expect(again.spikes == expected.spikes && again.membranes == expected.membranes)
        #expect(after.spikes == expected.spikes && after.membranes == expected.membranes)
    }

    /// Few codes change from one batch to the next, or none, or all; neurons stay, move with the batch, or are others.
    @Test(arguments: [true, false])
    func weightsWrittenOverOthersAreThoseOfAFreshChip(dynamicsShift: Bool) throws {
        var profile = ChipProfile.everything
        if !dynamicsShift {
            profile.batchJitter = ChipProfile.standard.batchJitter
            profile.drift = ChipProfile.ideal.drift
            profile.temperature = ChipProfile.ideal.temperature
        }
        let first = batch(entries: 3)
        for instructionSet in InstructionSet.available {
            for threads in 1...3 {
                var random = TestRandom(seed: 11)
                var chip = EmulatedChip(
                    profile: profile, serial: 7, threads: threads, instructionSet: instructionSet)
                var batch = first
                for changes in [0, 1, 3, 40, 1, 0, 2_000, 5, 1] {
                    var codes = batch.synapses.codes
                    for _ in 0..<changes {
                        let place = Int.random(in: codes.indices, using: &random)
                        codes[place] = Int8.random(in: -63...63, using: &random)
                    }
                    if changes == 5 { batch.configuration.noiseSeed += 1 }
                    batch.synapses = SynapseMatrix(codes: codes)
                    batch.id += UInt64.random(in: 0...1, using: &random)
                    var fresh = EmulatedChip(
                        profile: profile, serial: 7, threads: 1, instructionSet: .baseline)
                    let expected = try fresh.run(batch)
                    let recording = try chip.run(batch)
                    #expect(recording.spikes == expected.spikes, "\(instructionSet), \(threads)")
                    #expect(recording.membranes == expected.membranes)
                }
            }
        }
    }

    @Test func aPartOfTheMembranesIsThatPartOfAll() throws {
        var chip = EmulatedChip(profile: .everything, serial: 1)
        var batch = batch()
        let full = try chip.run(batch)
        let all = try #require(full.membranes)
        let columns = batch.configuration.neuronCount
        let range = 3..<columns - 2
        batch.observables.membranes = range
        let part = try chip.run(batch)
        let codes = try #require(part.membranes?.codes)
        #expect(part.spikes == full.spikes)
        var expected: [UInt8] = []
        for row in 0..<(12 * 20) {
            expected += all.codes[(row * columns + 3)..<(row * columns + columns - 2)]
        }
        #expect(codes == expected)
    }

    @Test func entriesWithoutNoiseDoNotDependOnTheirBatch() throws {
        var profile = ChipProfile.everything
        profile.noise = ChipProfile.ideal.noise
        profile.converter.noise = 0
        for profile in [ChipProfile.ideal, profile] {
            var chip = EmulatedChip(profile: profile, serial: 1)
            let batch = batch()
            let all = try chip.run(batch)
            for entry in 0..<12 {
                var single = batch
                single.inputs = batch.inputs.entries(entry..<entry + 1)
                let spikes = try chip.run(single).spikes
                #expect(Array(spikes[entry: 0]) == Array(all.spikes[entry: entry]))
            }
        }
    }

    @Test func writtenErrorsComeBackWithTheirCodes() throws {
        let batch = batch()
        var other = batch
        other.synapses = SynapseMatrix(codes: batch.synapses.codes.map { $0 > 0 ? $0 - 1 : $0 })
        var chip = EmulatedChip(profile: .everything, serial: 1)
        let first = try chip.run(batch)
        #expect(try chip.run(other).membranes != first.membranes)
        let again = try chip.run(batch)
        #expect(again.membranes == first.membranes && again.spikes == first.spikes)
    }
}
