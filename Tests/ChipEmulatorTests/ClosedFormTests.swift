import ChipEmulator
import Glibc
import Substrate
import Testing

/// The ideal chip against the analytic solution of the equations.
@Suite struct ClosedFormTests {
    /// Membrane shift at a time after an event of one code.
    private func response(_ time: Double, tauMem: Double, tauSyn: Double, gain: Double) -> Double {
        if time <= 0 { return 0 }
        if tauMem == tauSyn { return gain * time / tauMem * exp(-time / tauMem) }
        return gain * tauSyn / (tauMem - tauSyn) * (exp(-time / tauMem) - exp(-time / tauSyn))
    }

    private func codes(
        _ events: [(Int, Int)], weights: [Int8], targets: NeuronTargets
    ) throws -> [UInt8] {
        var chip = EmulatedChip(profile: .ideal, serial: 1, threads: 1)
        let configuration = TestBatch.single(.integrating, inputs: weights.count, targets: targets)
        let batch = TestBatch.batch(configuration, codes: weights, entries: [events])
        return try #require(try chip.run(batch).membranes?.codes)
    }

    @Test(arguments: [(6.0, 6.0), (10.0, 3.0), (2.0, 8.0), (6.0, 6.000_001), (0.6, 0.4)])
    func oneEventGivesTheAnalyticResponse(tauMem: Double, tauSyn: Double) throws {
        let gain = tauMem < 1 ? 5.0 : 3.0
        for (tick, weight) in [(0, 63), (100, 63), (424, 63), (1_001, 40), (333, -30)] {
            let targets = TestBatch.targets(
                tauMem: tauMem, excitatory: tauSyn, inhibitory: tauSyn, gain: gain)
            let codes = try codes([(tick, 0)], weights: [Int8(weight)], targets: targets)
            for (sample, code) in codes.enumerated() {
                let time = Double(sample * 212 - tick) / 125
                let shift =
                    Double(weight)
                    * response(time, tauMem: tauMem, tauSyn: tauSyn, gain: gain)
                let expected = min(255, max(0, 80 + shift))
                // First order inside the step of the event: (h / tau)^2 / 8 of the jump in slope, own bound.
                let bound = tauMem < 1 ? 8.0 : 0.15
                #expect(
                    abs(Double(code) - expected) <= 0.5 + bound,
                    "tick \(tick), weight \(weight), sample \(sample)")
            }
        }
    }

    @Test func twoEventsAddUpAndInhibitionHasItsOwnTimeConstant() throws {
        let targets = TestBatch.targets(tauMem: 8, excitatory: 4, inhibitory: 7, gain: 2)
        let codes = try codes([(150, 0), (900, 1)], weights: [50, -40], targets: targets)
        for (sample, code) in codes.enumerated() {
            let time = Double(sample * 212)
            let expected =
                80
                + 50 * response((time - 150) / 125, tauMem: 8, tauSyn: 4, gain: 2)
                - 40 * response((time - 900) / 125, tauMem: 8, tauSyn: 7, gain: 2)
            #expect(abs(Double(code) - expected) <= 0.55, "sample \(sample)")
        }
    }

    @Test(arguments: [1, 77, 200, 411, 1_000])
    func aThresholdIsCrossedAtTheAnalyticTick(tick: Int) throws {
        for weight in [45, 50, 63] {
            let targets = TestBatch.targets(tauMem: 6, excitatory: 6, gain: 5)
            var chip = EmulatedChip(profile: .ideal, serial: 1, threads: 1)
            let configuration = TestBatch.single(.spiking, targets: targets)
            let batch = TestBatch.batch(
                configuration, codes: [Int8(weight)], entries: [[(tick, 0)]])
            let first = try #require(try chip.run(batch).spikes.events.first)
            var low = 0.0
            var high = 6.0
            while high - low > 1e-6 {
                let middle = (low + high) / 2
                let shift = Double(weight) * response(middle, tauMem: 6, tauSyn: 6, gain: 5)
                if shift < 70 { low = middle } else { high = middle }
            }
            let expected = Double(tick) + low * 125
            #expect(abs(Double(first.tick) - expected) <= 1, "weight \(weight)")
        }
    }

    @Test func aMembraneIsHeldForTheRefractoryTime() throws {
        let targets = TestBatch.targets(refractory: 3, gain: 5)
        let codes = Array(repeating: Int8(63), count: 8)
        let configuration = TestBatch.single(.spiking, inputs: 8, targets: targets)
        var chip = EmulatedChip(profile: .ideal, serial: 1, threads: 1)
        let batch = TestBatch.batch(
            configuration, codes: codes, entries: [(0..<8).map { (100 + 20 * $0, $0) }])
        let ticks = try chip.run(batch).spikes.events.map { Int($0.tick) }
        #expect(ticks.count >= 3)
        for (early, late) in zip(ticks, ticks.dropFirst()) { #expect(late - early > 375) }
    }
}
