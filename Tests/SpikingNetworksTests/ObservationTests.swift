import Foundation
import SpikingNetworks
import Tensors
import Testing

@Suite struct ObservationTests {
    /// One hidden neuron, one readout, decays of 1/2, gain 1.
    private func pair(steps: Int) -> Network {
        let tau = 1.7 / log(2)
        let parameters = LIFParameters(tauMem: tau, tauSyn: tau)
        return Network(
            layers: [
                Layer(
                    kind: .spiking, parameters: parameters,
                    weights: Matrix(rows: 1, columns: 1) { _, _ in 0.3 }),
                Layer(
                    kind: .integrating, parameters: parameters,
                    weights: Matrix(rows: 1, columns: 1) { _, _ in 0.4 }),
            ],
            grid: TimeGrid(steps: steps))
    }

    private func series(_ values: [Float]) -> TimeSeries {
        var series = TimeSeries(entries: 1, steps: values.count, neurons: 1)
        for (step, value) in values.enumerated() { series[0, step, 0] = value }
        return series
    }

    /// Input at 0, measured membrane 0, 0.98, 1.04, 0.2, measured spike at 2, dL/dV_out = 1 at step 3 only.
    ///
    /// Readout: dV = 0.125, 0.25, 0.5, 1; dI[3] = 1, dI[2] = 1/2 + 1/2 = 1. Output weight: spike at 2, so dI[3] = 1.
    /// Hidden, u = 0.4: dS[2] = u dI[3] = u, dS[1] = u dI[2] = u; slopes at 0.98: 1/(50 * 0.02 + 1)^2 = 1/4, at 1.04:
    /// 1/(50 * 0.04 + 1)^2 = 1/9. dV[2] = u/9 = dI[2]; dV[1] = u/18 + u/4; dI[1] = u/18 + dV[1] = u/9 + u/4.
    /// Input weight: input at 0, so dI[1] = 0.4 * (1/9 + 1/4).
    @Test func derivativeIsTakenAtTheMeasuredMembrane() {
        let network = pair(steps: 4)
        let input = GriddedSpikes(steps: 4, channels: 1, entries: [[(step: 0, unit: 0)]])
        let measured = LayerObservation(
            spikes: GriddedSpikes(steps: 4, channels: 1, entries: [[(step: 2, unit: 0)]]),
            membranes: series([0, 0.98, 1.04, 0.2]))
        let observation = Observation(layers: [measured, LayerObservation()])
        let trace = network.replay(input, observing: observation)
        #expect(trace.layers[0].membranes == measured.membranes)
        #expect(trace.layers[0].spikes == measured.spikes)
        // The readout is modelled from the measured spike: 0.4 a step after it.
        #expect(trace.readout == series([0, 0, 0, 0.4]))
        let gradients = network.backward(trace, readoutGradient: series([0, 0, 0, 1]))
        #expect(abs(gradients.layers[1].weights[0, 0] - 1) < 1e-6)
        #expect(abs(gradients.layers[0].weights[0, 0] - 0.4 * (1.0 / 9 + 0.25)) < 1e-6)
    }

    @Test func membranesAloneGiveTheSpikes() {
        let network = pair(steps: 4)
        let input = GriddedSpikes(silentEntries: 1, steps: 4, channels: 1)
        let observation = Observation(layers: [
            LayerObservation(membranes: series([0, 1.2, 1, 1.01])), LayerObservation(),
        ])
        let spikes = network.replay(input, observing: observation).layers[0].spikes
        #expect(spikes == GriddedSpikes(steps: 4, channels: 1, entries: [[(step: 1, unit: 0), (step: 3, unit: 0)]]))
    }

    /// Without input the modelled membrane moves only by the measured spike: subtract, then decay.
    @Test func measuredSpikesResetTheModelledMembrane() {
        let network = pair(steps: 4)
        let measured = GriddedSpikes(steps: 4, channels: 1, entries: [[(step: 1, unit: 0)]])
        let trace = network.replay(
            GriddedSpikes(silentEntries: 1, steps: 4, channels: 1),
            observing: Observation(layers: [LayerObservation(spikes: measured), LayerObservation()]))
        #expect(trace.layers[0].spikes == measured)
        #expect(trace.layers[0].membranes == series([0, 0, -1, -0.5]))
        #expect(trace.readout == series([0, 0, 0.4, 0.4]))
    }

    @Test func measuredSpikesDriveRecurrentWeights() {
        var network = pair(steps: 5)
        network.layers[0].recurrent = Matrix(rows: 1, columns: 1) { _, _ in 2 }
        network.reset = .off
        let measured = GriddedSpikes(steps: 5, channels: 1, entries: [[(step: 1, unit: 0)]])
        let trace = network.replay(
            GriddedSpikes(silentEntries: 1, steps: 5, channels: 1),
            observing: Observation(layers: [LayerObservation(spikes: measured), LayerObservation()]))
        // I = 2, 1, 0.5 from step 2 on; V = 2, 2, 1.5.
        #expect(trace.layers[0].membranes == series([0, 0, 2, 2, 1.5]))
    }

    @Test func observingTheModelsOwnTraceChangesNothing() {
        for recurrent in [false, true] {
            let network = Sample.network(
                [20, 40, 30, 3], seed: 21, grid: TimeGrid(steps: 12), recurrent: recurrent)
            let input = Sample.spikes(entries: 3, steps: 12, channels: 20, probability: 0.3, seed: 21)
            let trace = network.replay(input)
            #expect(trace.layers[0].spikes.count > 0)
            for (spikes, membranes) in [(true, true), (true, false), (false, true)] {
                let observation = Observation(
                    layers: trace.layers.enumerated().map { index, layer in
                        LayerObservation(
                            spikes: spikes && index < 2 ? layer.spikes : nil,
                            membranes: membranes ? layer.membranes : nil)
                    })
                #expect(network.replay(input, observing: observation) == trace)
            }
        }
    }

    @Test(arguments: KernelLevel.available)
    func codesBecomeMembranesFromTheirFirstSample(level: KernelLevel) {
        var stream = RandomStream(seed: 22, purpose: .trial, 0)
        for (width, columns) in [(256, 0..<246), (256, 246..<256), (40, 3..<37), (17, 0..<17), (5, 4..<5)] {
            let codes = (0..<3 * 4 * width).map { _ in UInt8(truncatingIfNeeded: stream.next()) }
            let scale: Float = 0.012_5
            for threads in [1, 2] {
                let series = TimeSeries(
                    cadcCodes: codes, entries: 3, steps: 4, width: width, columns: columns, scale: scale,
                    threads: threads, level: level)
                var expected = TimeSeries(entries: 3, steps: 4, neurons: columns.count)
                for entry in 0..<3 {
                    for step in 0..<4 {
                        for (neuron, column) in columns.enumerated() {
                            let first = Int(codes[entry * 4 * width + column])
                            let code = Int(codes[(entry * 4 + step) * width + column])
                            expected[entry, step, neuron] = Float(code - first) * scale
                        }
                    }
                }
                #expect(series == expected, "seed 22")
            }
        }
    }
}
