import ChipEmulator
import Glibc
import Substrate
import Testing

/// Each effect alone: its moments. Bounds are four standard errors, so a fault-free run fails once in 10^4 checks.
@Suite struct EffectTests {
    private func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
        let mean = values.reduce(0, +) / Double(values.count)
        let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, (square / Double(values.count - 1)).squareRoot())
    }

    private func expectSpread(
        _ values: [Double], mean: Double, deviation: Double, _ name: String
    ) {
        let found = moments(values)
        let n = Double(values.count)
        #expect(
            abs(found.mean - mean) < 4 * deviation / n.squareRoot(), "\(name) mean \(found.mean)")
        #expect(
            abs(found.deviation / deviation - 1) < 4 / (2 * n).squareRoot() + 0.01,
            "\(name) deviation \(found.deviation), not \(deviation)")
    }

    @Test func circuitsSpreadAsTheProfileSays() {
        let targets = TestBatch.targets(tauMem: 10, excitatory: 5, inhibitory: 7)
        var profile = ChipProfile.standard
        profile.parameters.bits = 0
        let circuits = (0..<20_000).map {
            NeuronCircuit(targets, codes: nil, circuit: $0, profile: profile, serial: 7)
        }
        expectSpread(circuits.map(\.tauMem), mean: 10, deviation: 0.6, "tauMem")
        expectSpread(circuits.map(\.tauSynExcitatory), mean: 5, deviation: 0.25, "tauSyn exc.")
        expectSpread(circuits.map(\.tauSynInhibitory), mean: 7, deviation: 0.35, "tauSyn inh.")
        expectSpread(circuits.map(\.threshold), mean: 150, deviation: 2.1, "threshold")
        expectSpread(circuits.map(\.synapticGain), mean: 1, deviation: 0.05, "gain")
        expectSpread(circuits.map(\.leak), mean: 80, deviation: 1.5, "leak")
        expectSpread(circuits.map(\.reset), mean: 80, deviation: 1.5, "reset")
        expectSpread(circuits.map(\.converterOffset), mean: 0, deviation: 2.5, "CADC offset")
        expectSpread(circuits.map(\.converterGain), mean: 1, deviation: 0.02, "CADC gain")
    }

    @Test func parameterCodesAreTheNearestOfTheirRange() {
        var profile = ChipProfile.ideal
        profile.parameters = ChipProfile.standard.parameters
        // 1023 equal factors from 0.2 to 150 us.
        let step = log(150 / 0.2) / 1_023
        for tau in [0.5, 6, 6.03, 59.99] {
            let circuit = NeuronCircuit(
                TestBatch.targets(tauMem: tau), codes: nil, circuit: 0, profile: profile, serial: 1)
            #expect(abs(log(circuit.tauMem / tau)) <= step / 2 + 1e-9)
            let code = log(circuit.tauMem / 0.2) / step
            #expect(abs(code - code.rounded()) < 1e-6)
        }
    }

    @Test func aRestingReadingHasTheDeviationOfTheCalibration() throws {
        var profile = ChipProfile.ideal
        profile.noise.membrane = 1
        profile.converter.noise = 0.6
        var chip = EmulatedChip(profile: profile, serial: 5)
        let configuration = TestBatch.single(.integrating, size: 256)
        let batch = TestBatch.batch(
            configuration, codes: Array(repeating: 0, count: 256),
            entries: Array(repeating: [], count: 200))
        let codes = try #require(try chip.run(batch).membranes?.codes)
        var last: [Double] = []
        var product = 0.0
        for entry in 0..<200 {
            for neuron in 0..<256 {
                let base = entry * 20 * 256 + neuron
                last.append(Double(codes[base + 19 * 256]))
                let before = Double(codes[base + 18 * 256]) - 80
                product += (Double(codes[base + 19 * 256]) - 80) * before
            }
        }
        expectSpread(last, mean: 80, deviation: 1.2014, "reading")
        // The membrane remembers, the converter does not: covariance of neighbours exp(-1.696 us / 6 us).
        let covariance = product / Double(last.count)
        #expect(abs(covariance - exp(-1.696 / 6)) < 4 * 1.44 / Double(last.count).squareRoot())
    }

    @Test func spikeTimesJitterByTheProfilesTime() throws {
        var profile = ChipProfile.ideal
        profile.noise.spikeTime = 60
        try expectTimes(profile, deviation: (7.5 * 7.5 + 1.0 / 12).squareRoot())
    }

    @Test func thresholdsJitterInEachEntry() throws {
        var profile = ChipProfile.ideal
        profile.noise.threshold = 0.015
        // R w t / tau exp(-t / tau) = 70 LSB, and its slope there.
        var time = 0.0
        while 315 * time / 6 * exp(-time / 6) < 70 { time += 1e-4 }
        let slope = 315 / 6 * exp(-time / 6) * (1 - time / 6)
        let ticks = 0.015 * 70 / slope * 125
        try expectTimes(profile, deviation: (ticks * ticks + 1.0 / 12).squareRoot())
    }

    /// First spikes of 50 equal neurons in 100 entries.
    private func expectTimes(_ profile: ChipProfile, deviation: Double) throws {
        let configuration = TestBatch.single(
            .spiking, size: 50, targets: TestBatch.targets(gain: 5), samples: 0)
        var chip = EmulatedChip(profile: profile, serial: 9)
        var ideal = EmulatedChip(profile: .ideal, serial: 9)
        let batch = TestBatch.batch(
            configuration, codes: Array(repeating: 63, count: 50),
            entries: Array(repeating: [(300, 0)], count: 100))
        let mean = Double(try #require(try ideal.run(batch).spikes.events.first).tick)
        let spikes = try chip.run(batch).spikes
        var times: [Double] = []
        for entry in 0..<100 {
            var seen: Set<UInt16> = []
            for event in spikes[entry: entry] where seen.insert(event.unit).inserted {
                times.append(Double(event.tick))
            }
        }
        #expect(times.count == 5_000)
        let found = moments(times)
        #expect(abs(found.mean - mean) < 1)
        #expect(abs(found.deviation / deviation - 1) < 0.05, "\(found.deviation), not \(deviation)")
    }

    @Test func synapsesAndRowDriversSpread() throws {
        func peaks(_ profile: ChipProfile, serial: UInt64) throws -> [Double] {
            var chip = EmulatedChip(profile: profile, serial: serial)
            let configuration = TestBatch.single(
                .integrating, size: 512, targets: TestBatch.targets(gain: 5))
            let batch = TestBatch.batch(
                configuration, codes: Array(repeating: 60, count: 512), entries: [[(0, 0)]])
            let codes = try #require(try chip.run(batch).membranes?.codes)
            return codes[(4 * 512)..<(5 * 512)].map { Double($0) - 80 }
        }
        let nominal = try #require(try peaks(.ideal, serial: 1).first)
        var synapses = ChipProfile.ideal
        synapses.mismatch.synapse = 0.05
        let found = moments(try peaks(synapses, serial: 1).map { $0 / nominal })
        #expect(abs(found.mean - 1) < 4 * 0.05 / 22.6 + 0.005)
        #expect(abs(found.deviation / 0.05 - 1) < 0.13)
        var drivers = ChipProfile.ideal
        drivers.mismatch.rowDriver = 0.03
        // One driver serves a row of 256 circuits.
        let rows = try peaks(drivers, serial: 1)
        #expect(Set(rows[..<256]).count == 1)
        let across = try (1...200).map { try peaks(drivers, serial: $0)[0] / nominal }
        #expect(abs(moments(across).deviation / 0.03 - 1) < 4 / 20)
    }

    @Test func railsHoldTheMembraneAndCodesAtTheEndsAreFlagged() throws {
        var profile = ChipProfile.ideal
        profile.rails = .init(lower: 60, upper: 120)
        let targets = TestBatch.targets(gain: 20)
        let configuration = TestBatch.single(.integrating, inputs: 2, targets: targets)
        let batch = TestBatch.batch(
            configuration, codes: [63, -63], entries: [[(10, 0)], [(10, 1)], []])
        var railed = EmulatedChip(profile: profile, serial: 1)
        let held = try railed.run(batch)
        let codes = try #require(held.membranes?.codes)
        #expect(codes.max() == 120)
        #expect(codes.min() == 60)
        #expect(held.validity == [[], [], []])
        var free = EmulatedChip(profile: .ideal, serial: 1)
        #expect(try free.run(batch).validity == [.saturated, .saturated, []])
    }
}
