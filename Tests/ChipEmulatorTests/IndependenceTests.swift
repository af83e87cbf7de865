import ChipEmulator
import Substrate
import Testing

/// Switching one effect never moves the random numbers of another.
@Suite struct IndependenceTests {
    /// An effect that is switched off.
    struct Switch: Sendable, CustomTestStringConvertible {
        /// What it is called.
        let name: String
        /// The numbers of a circuit that it may move.
        let moves: Set<String>
        /// Switches it off.
        let off: @Sendable (inout ChipProfile) -> Void

        var testDescription: String { name }
    }

    private static let fixed: [Switch] = [
        Switch(name: "tauMem", moves: ["tauMem"]) { $0.mismatch.tauMem = 0 },
        Switch(name: "tauSyn", moves: ["tauSynExcitatory", "tauSynInhibitory"]) {
            $0.mismatch.tauSyn = 0
        },
        Switch(name: "threshold", moves: ["threshold"]) { $0.mismatch.threshold = 0 },
        Switch(name: "threshold offset", moves: ["threshold"]) { $0.mismatch.thresholdOffset = 0 },
        Switch(name: "gain", moves: ["synapticGain"]) { $0.mismatch.synapticGain = 0 },
        Switch(name: "leak", moves: ["leak"]) { $0.mismatch.leak = 0 },
        Switch(name: "reset", moves: ["reset"]) { $0.mismatch.reset = 0 },
        Switch(name: "converter offset", moves: ["offset"]) { $0.converter.offset = 0 },
        Switch(name: "converter gain", moves: ["gain"]) { $0.converter.gain = 0 },
        Switch(name: "converter skew", moves: ["skew"]) { $0.converter.skew = 0 },
        Switch(name: "dead", moves: ["dead"]) { $0.defects.dead = 0 },
        Switch(name: "silent", moves: ["silent"]) { $0.defects.silent = 0 },
        Switch(name: "firing", moves: ["firing"]) { $0.defects.firing = 0 },
        Switch(name: "writing potentials", moves: ["leak", "reset", "threshold"]) {
            $0.programming.potential = 0
        },
        Switch(
            name: "writing the rest",
            moves: ["tauMem", "tauSynExcitatory", "tauSynInhibitory", "synapticGain"]
        ) { $0.programming.relative = 0 },
        Switch(name: "what is not the circuit's", moves: []) {
            let ideal = ChipProfile.ideal
            $0.mismatch.synapse = 0
            $0.mismatch.synapseBow = 0
            $0.mismatch.rowDriver = 0
            $0.programming.weight = 0
            $0.noise = ideal.noise
            $0.converter.noise = 0
            $0.batchJitter = ideal.batchJitter
            $0.drift = ideal.drift
            $0.temperature = ideal.temperature
            $0.crosstalk = ideal.crosstalk
            $0.events = ideal.events
        },
    ]

    private func numbers(_ circuit: NeuronCircuit) -> [String: Double] {
        [
            "leak": circuit.leak, "reset": circuit.reset, "threshold": circuit.threshold,
            "tauMem": circuit.tauMem, "tauSynExcitatory": circuit.tauSynExcitatory,
            "tauSynInhibitory": circuit.tauSynInhibitory, "synapticGain": circuit.synapticGain,
            "offset": circuit.converterOffset, "gain": circuit.converterGain,
            "skew": circuit.converterSkew, "dead": circuit.isDead ? 1 : 0,
            "silent": circuit.isSilent ? 1 : 0, "firing": circuit.isFiring ? 1 : 0,
        ]
    }

    @Test(arguments: fixed)
    func aFixedEffectMovesItsOwnNumbersAlone(effect: Switch) {
        var profile = ChipProfile.everything
        effect.off(&profile)
        var moved: Set<String> = []
        let with = EffectCase.drawn(.everything, count: 512)
        for (with, without) in zip(with, EffectCase.drawn(profile, count: 512)) {
            let numbers = numbers(without)
            for (name, value) in self.numbers(with) where value != numbers[name] {
                moved.insert(name)
            }
        }
        #expect(moved == effect.moves)
    }

    @Test func shiftsOfABatchAddUp() {
        func shifts(_ change: (inout ChipProfile) -> Void) -> [CircuitShift] {
            var profile = ChipProfile.everything
            change(&profile)
            return BatchConditions(profile: profile, serial: 1, noiseSeed: 1, batch: 77)
                .shifts(of: Array(0..<100))
        }
        let ideal = ChipProfile.ideal
        let all = shifts { _ in }
        let jitter = shifts {
            $0.drift = ideal.drift
            $0.temperature = ideal.temperature
        }
        let drift = shifts {
            $0.batchJitter = ideal.batchJitter
            $0.temperature = ideal.temperature
        }
        let warm = shifts {
            $0.batchJitter = ideal.batchJitter
            $0.drift = ideal.drift
        }
        for index in all.indices {
            let (a, b, c) = (jitter[index], drift[index], warm[index])
            #expect(all[index].leak == a.leak + b.leak + c.leak)
            #expect(all[index].threshold == a.threshold + b.threshold + c.threshold)
            #expect(all[index].tauMem == a.tauMem * b.tauMem * c.tauMem)
            #expect(a.leak != 0 && b.leak != 0 && c.leak != 0)
        }
    }

    private func batch(_ seed: UInt64 = 3) -> DeviceBatch {
        var random = TestRandom(seed: seed)
        let configuration = random.network(recurrent: true)
        let codes = random.codes(configuration)
        let events = (0..<6).map { _ in random.events(configuration, count: 30) }
        return TestBatch.batch(configuration, codes: codes, entries: events, id: 4)
    }

    private func run(
        _ batch: DeviceBatch, _ base: ChipProfile = .everything,
        _ change: (inout ChipProfile) -> Void = { _ in }
    ) throws -> Recording {
        var profile = base
        change(&profile)
        var chip = EmulatedChip(profile: profile, serial: 1)
        return try chip.run(batch)
    }

    @Test func whatTheConverterDoesMovesNoSpike() throws {
        let expected = try run(batch()).spikes
        #expect(expected.eventCount > 100)
        let spikes = try run(batch()) { $0.converter = ChipProfile.ideal.converter }.spikes
        #expect(spikes == expected)
    }

    @Test func whatIsRecordedMovesNothing() throws {
        let full = try run(batch())
        var silent = batch()
        silent.observables.membranes = 0..<0
        #expect(try run(silent).spikes == full.spikes)
        var still = batch()
        still.observables.spikes = false
        #expect(try run(still).membranes == full.membranes)
    }

    @Test func whatHappensToSpikesOnTheirWayOutMovesNoMembrane() throws {
        let expected = try run(batch()).membranes
        let found = try run(batch()) {
            $0.noise.spikeTime = 0
            $0.events.arbiter = ChipProfile.ideal.events.arbiter
            $0.events.outputLink = ChipProfile.ideal.events.outputLink
        }
        #expect(found.membranes == expected)
    }

    @Test func noOtherNoiseMovesTheConverters() throws {
        var batch = batch()
        batch.observables.reference = 120
        let expected = try run(batch).membranes
        let found = try run(batch) {
            let converter = $0.converter
            $0 = .ideal
            $0.converter = converter
        }
        #expect(found.membranes == expected)
    }

    @Test func noOtherNoiseMovesTheJitterOfSpikeTimes() throws {
        let base = EffectCase.idealBut { $0.noise.spikeTime = 60 }
        let expected = try run(batch(), base).spikes
        // Too small to move a spike by a tick, but drawn.
        let found = try run(batch(), base) {
            $0.noise.membrane = 1e-9
            $0.noise.threshold = 1e-9
            $0.batchJitter.leak = 1e-9
            $0.mismatch.synapse = 1e-9
            $0.programming.weight = 1e-9
            $0.converter.noise = 1
        }
        #expect(expected.eventCount > 100)
        #expect(found.spikes == expected)
    }

    @Test func thresholdsMoveNoMembraneWithoutSpikes() throws {
        var batch = batch()
        for index in batch.configuration.populations.indices {
            batch.configuration.populations[index].kind = .integrating
        }
        batch.configuration.projections.removeAll { $0.source != .inputs }
        batch.synapses.codes.removeLast(
            batch.synapses.codes.count - batch.configuration.synapseCount)
        let expected = try run(batch).membranes
        let found = try run(batch) {
            $0.noise.threshold = 0
            $0.noise.spikeTime = 0
            $0.mismatch.threshold = 0
            $0.mismatch.reset = 0
            $0.batchJitter.threshold = 0
            $0.drift.threshold = 0
            $0.temperature.threshold = 0
            $0.crosstalk = ChipProfile.ideal.crosstalk
        }
        #expect(found.membranes == expected)
    }

    @Test func theNumberOfStepsAtATimeMovesNothing() throws {
        // Population 1 closes a cycle, so that all run step by step; it gets no input and never fires.
        func recording(closed: Bool) throws -> Recording {
            var random = TestRandom(seed: 21)
            let targets = TestBatch.targets()
            var configuration = ChipConfiguration(
                inputCount: 30,
                populations: [
                    .init(kind: .spiking, size: 100, targets: targets),
                    .init(kind: .spiking, size: 3, targets: targets),
                ],
                projections: [
                    .init(source: .inputs, target: 0), .init(source: .population(0), target: 1),
                ], window: 4_240, sampleCount: 20, samplePeriod: 212, noiseSeed: 1)
            var codes = (0..<3_000).map { _ in Int8(Int.random(in: -20...63, using: &random)) }
            codes += Array(repeating: 0, count: 300)
            let events = (0..<4).map { _ in random.events(configuration, count: 60) }
            if closed {
                configuration.projections.append(.init(source: .population(1), target: 0))
                codes += Array(repeating: 0, count: 300)
            }
            return try run(TestBatch.batch(configuration, codes: codes, entries: events)) {
                $0.mismatch.leak = 1
                $0.mismatch.threshold = 0.02
                $0.defects = ChipProfile.ideal.defects
                $0.defects.deadCircuits = [3]
                $0.defects.firingCircuits = [7]
            }
        }
        let (open, closed) = (try recording(closed: false), try recording(closed: true))
        #expect(open.spikes.eventCount > 500)
        #expect(!open.spikes.events.contains { $0.unit >= 100 })
        #expect(closed.spikes == open.spikes)
        #expect(closed.membranes == open.membranes)
    }

    @Test func aColumnThatSamplesAStepEarlySeesTheMembraneOfThatStep() throws {
        // Steps of 40 ticks. With a large skew nearly all columns are a whole step early.
        var random = TestRandom(seed: 5)
        var configuration = random.network(recurrent: true)
        configuration.samplePeriod = 200
        let codes = random.codes(configuration)
        let events = random.events(configuration, count: 60).filter { $0.0 < 3_800 }
        let early = try run(
            TestBatch.batch(configuration, codes: codes, entries: [events]), .ideal
        ) { $0.converter.skew = 1e7 }
        let late = try run(
            TestBatch.batch(configuration, codes: codes, entries: [events.map { ($0.0 + 40, $0.1) }]),
            .ideal)
        #expect(try #require(early.membranes).codes == #require(late.membranes).codes)
        #expect(early.spikes.eventCount > 50)
    }
}
