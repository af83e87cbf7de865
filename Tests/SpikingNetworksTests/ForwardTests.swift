import Foundation
import SpikingNetworks
import Tensors
import Testing

@Suite struct ForwardTests {
    /// One input spike at step 2 on a readout of weight w, as seen by its membrane.
    private func response(_ parameters: LIFParameters, _ integration: Integration, dt: Double) -> [Double] {
        let network = Network(
            layers: [
                Layer(
                    kind: .integrating, parameters: parameters,
                    weights: Matrix(rows: 1, columns: 1) { _, _ in 0.5 })
            ],
            grid: TimeGrid(steps: 30, stepMicroseconds: dt), integration: integration)
        let input = GriddedSpikes(steps: 30, channels: 1, entries: [[(step: 2, unit: 0)]])
        let readout = network.replay(input).readout
        return (0..<30).map { Double(readout[0, $0, 0]) }
    }

    @Test(arguments: [(6.0, 6.0, 1.7), (6, 6, 0.4), (9, 5, 1.7), (4, 10, 0.7)])
    func oneSpikeGivesTheClosedForm(tauMem: Double, tauSyn: Double, dt: Double) {
        let parameters = LIFParameters(tauMem: tauMem, tauSyn: tauSyn)
        let (a, b) = (exp(-dt / tauSyn), exp(-dt / tauMem))
        let gain = LIFParameters.membraneGain(tauMem: tauMem, tauSyn: tauSyn)
        let k = gain * tauSyn * (1 - a) * (1 - b) / dt
        /// After n steps: sum of b^(n-m) a^(m-1) over m in 1...n.
        func discrete(_ n: Int) -> Double {
            guard n > 0 else { return 0 }
            return (1...n).reduce(0) { $0 + pow(b, Double(n - $1)) * pow(a, Double($1 - 1)) }
        }
        /// Solution of the differential equations a time after the spike.
        func continuous(_ time: Double) -> Double {
            guard time > 0 else { return 0 }
            if tauMem == tauSyn { return gain * time / tauMem * exp(-time / tauMem) }
            return gain * tauSyn / (tauMem - tauSyn) * (exp(-time / tauMem) - exp(-time / tauSyn))
        }
        let released = response(parameters, .releasedCode, dt: dt)
        let paper = response(parameters, .paperText, dt: dt)
        let exact = response(parameters, .exponential, dt: dt)
        for t in 0..<30 {
            #expect(abs(released[t] - 0.5 * k * discrete(t - 2)) < 2e-6)
            #expect(abs(paper[t] - 0.5 * k * discrete(t - 3)) < 2e-6)
            #expect(abs(exact[t] - 0.5 * continuous(Double(t - 3) * dt)) < 2e-6)
        }
    }

    @Test func referenceGridHasTheGainOfThePaper() {
        for (tauMem, tauSyn) in [(6.0, 6.0), (9, 5), (20, 3)] {
            let parameters = LIFParameters(tauMem: tauMem, tauSyn: tauSyn)
            // One step after the spike the membrane is k times the weight.
            #expect(response(parameters, .releasedCode, dt: 1.7)[3] == 0.5)
            #expect(response(parameters, .paperText, dt: 1.7)[4] == 0.5)
        }
    }

    @Test func nearlyEqualConstantsGiveTheLimit() {
        let equal = response(LIFParameters(tauMem: 6, tauSyn: 6), .exponential, dt: 1.7)
        for difference in [1e-12, 1e-9, 1e-6] {
            let near = response(LIFParameters(tauMem: 6 + difference, tauSyn: 6), .exponential, dt: 1.7)
            for (x, y) in zip(near, equal) { #expect(abs(x - y) < 1e-6) }
        }
    }

    /// Decays of 1/2 and a gain of 1. With w = 2.5 the current is 2.5, 1.25, 0.625, ... from step 1 on:
    /// released, subtract: V = 2.5*, 1.25 + 1.25 - 1 = 1.5*, 0.75 + 0.625 - 1 = 0.375, 0.5
    /// released, zero:     V = 2.5*, 1.25*, 0.625, 0.625
    /// released, off:      V = 2.5*, 2.5*, 1.875*, 1.25*, 0.78
    /// paper, subtract: the same as released a step later.
    /// Three spikes of 0.9, subtract: V = 0.9, 0.45 + 1.35 = 1.8*, 0.9 + 1.575 - 1 = 1.475*, 0.525.
    @Test(arguments: [
        (Integration.releasedCode, Reset.subtract, 2.5, "|.......", ".||....."),
        (.releasedCode, .zero, 2.5, "|.......", ".||....."),
        (.releasedCode, .off, 2.5, "|.......", ".||||..."),
        (.paperText, .subtract, 2.5, "|.......", "..||...."),
        (.releasedCode, .subtract, 1.5, "|.......", ".|......"),
        (.releasedCode, .off, 1.5, "|.......", ".|||...."),
        (.releasedCode, .subtract, 0.9, "|||.....", "..||...."),
    ])
    func rastersAreThoseWorkedByHand(
        integration: Integration, reset: Reset, weight: Double, input: String, output: String
    ) {
        let tau = 1.7 / log(2)
        let network = Network(
            layers: [
                Layer(
                    kind: .spiking, parameters: LIFParameters(tauMem: tau, tauSyn: tau),
                    weights: Matrix(rows: 1, columns: 1) { _, _ in Float(weight) }),
                Layer(kind: .integrating, weights: Matrix(rows: 1, columns: 1)),
            ],
            grid: TimeGrid(steps: 8), integration: integration, reset: reset)
        let spikes = input.enumerated().filter { $0.element == "|" }.map { (step: $0.offset, unit: 0) }
        let trace = network.replay(GriddedSpikes(steps: 8, channels: 1, entries: [spikes]))
        let raster = String((0..<8).map { trace.layers[0].spikes[0, $0].isEmpty ? "." : "|" })
        #expect(raster == output)
    }

    @Test(arguments: KernelLevel.available)
    func kernelsAgreeWithPlainLoops(level: KernelLevel) {
        for (seed, sizes) in [[3, 5, 2], [17, 33, 4], [2, 1, 1], [40, 100, 70, 20]].enumerated() {
            for integration in Integration.allCases {
                for reset in Reset.allCases {
                    for recurrent in [false, true] {
                        let network = Sample.network(
                            sizes, seed: UInt64(seed), grid: TimeGrid(steps: 13, stepMicroseconds: 1.1),
                            integration: integration, reset: reset, recurrent: recurrent,
                            equalConstants: seed % 2 == 0)
                        let input = Sample.spikes(
                            entries: 3, steps: 13, channels: sizes[0], probability: 0.2, seed: UInt64(seed))
                        expectAgreement(network, input, level: level, "seed \(seed), \(integration), \(reset)")
                    }
                }
            }
        }
    }

    @Test(arguments: KernelLevel.available)
    func kernelsAgreeWithPlainLoopsAtTheSizeOfTheChip(level: KernelLevel) {
        let network = Sample.network([256, 246, 10], seed: 5, grid: TimeGrid(steps: 20))
        let input = Sample.spikes(entries: 4, steps: 20, channels: 256, probability: 0.02, seed: 5)
        expectAgreement(network, input, level: level, "seed 5")
    }

    private func expectAgreement(
        _ network: Network, _ input: GriddedSpikes, level: KernelLevel, _ comment: Comment
    ) {
        let trace = network.replay(input, level: level)
        let expected = Reference(network).forward(input)
        for (index, layer) in trace.layers.enumerated() {
            #expect(Reference.dense(layer.spikes) == expected.spikes[index], comment)
            var worst = 0.0
            for entry in 0..<input.entries {
                for step in 0..<input.steps {
                    for neuron in 0..<layer.membranes.neurons {
                        let difference =
                            Double(layer.membranes[entry, step, neuron])
                            - expected.membranes[index][entry][step][neuron]
                        worst = max(
                            worst, abs(difference) / (1 + abs(expected.membranes[index][entry][step][neuron])))
                    }
                }
            }
            // Rounding of a sum of n terms over t steps is at worst (n + 2 t) 2^-24 of its terms: 1.2e-5 for the 170 sources
            // and 13 steps of the largest recurrent sample.
            #expect(worst < 8e-6, comment)
        }
    }

    @Test func levelsAndThreadsGiveTheSameBits() {
        for recurrent in [false, true] {
            let network = Sample.network(
                [50, 77, 90, 11], seed: 6, grid: TimeGrid(steps: 15), recurrent: recurrent)
            let input = Sample.spikes(entries: 13, steps: 15, channels: 50, probability: 0.1, seed: 6)
            let expected = network.replay(input, threads: 1, level: .baseline)
            #expect(expected.layers[0].spikes.count > 100)
            for level in KernelLevel.available {
                for threads in 1...3 {
                    #expect(network.replay(input, threads: threads, level: level) == expected)
                }
            }
        }
    }

    @Test func paddingStaysZero() {
        let network = Sample.network([3, 5, 2], seed: 7, grid: TimeGrid(steps: 9))
        let input = Sample.spikes(entries: 2, steps: 9, channels: 3, probability: 0.5, seed: 7)
        for layer in network.replay(input).layers {
            let series = layer.membranes
            for row in 0..<series.entries * series.steps {
                let padding = series.values[row * series.stride + series.neurons..<(row + 1) * series.stride]
                #expect(padding.allSatisfy { $0 == 0 })
            }
        }
    }

    @Test func leakAndResetPotentialsCountFromTheLeak() {
        var network = Sample.network([20, 30, 2], seed: 8, grid: TimeGrid(steps: 12), reset: .zero)
        let input = Sample.spikes(entries: 2, steps: 12, channels: 20, probability: 0.3, seed: 8)
        let expected = network.replay(input)
        network.layers[0].parameters.vLeak = 2
        network.layers[0].parameters.vReset = 2
        network.layers[0].parameters.vThreshold = 3
        #expect(network.replay(input) == expected)
        #expect(expected.layers[0].spikes.count > 0)
    }

    @Test func anEmptyBatchAndASilentInputGiveSilence() {
        let network = Sample.network([3, 5, 2], seed: 9, grid: TimeGrid(steps: 4))
        let empty = network.replay(GriddedSpikes(silentEntries: 0, steps: 4, channels: 3))
        #expect(empty.readout.entries == 0)
        let silent = network.replay(GriddedSpikes(silentEntries: 2, steps: 4, channels: 3))
        #expect(silent.layers[0].spikes.count == 0)
        #expect(silent.readout.values.allSatisfy { $0 == 0 })
    }
}
