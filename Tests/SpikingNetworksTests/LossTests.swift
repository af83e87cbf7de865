import Foundation
import SpikingNetworks
import Tensors
import Testing

@Suite struct LossTests {
    /// Two classes with scores 10 * 0.3 and 10 * 0.1: p = 1 / (1 + exp(-2)).
    @Test func maximumOverTimeIsTheLikelihoodOfThePeaks() {
        var readout = TimeSeries(entries: 1, steps: 3, neurons: 2)
        readout[0, 1, 0] = 0.3
        readout[0, 2, 0] = 0.2
        readout[0, 2, 1] = 0.1
        let p = 1 / (1 + exp(-2.0))
        let value = MaxOverTime().evaluate(readout: readout, labels: [1])
        #expect(abs(value.value - -log(1 - p)) < 1e-6)
        #expect(value.correct == 0 && value.predictions == [0])
        var expected = TimeSeries(entries: 1, steps: 3, neurons: 2)
        expected[0, 1, 0] = Float(10 * p)
        expected[0, 2, 1] = Float(-10 * p)
        for (x, y) in zip(value.gradient.values, expected.values) { #expect(abs(x - y) < 1e-5) }
    }

    @Test func tiesGoToTheFirst() {
        var readout = TimeSeries(entries: 1, steps: 4, neurons: 3)
        for neuron in 1...2 {
            readout[0, 1, neuron] = 0.5
            readout[0, 3, neuron] = 0.5
        }
        let value = MaxOverTime().evaluate(readout: readout, labels: [1])
        #expect(value.predictions == [1] && value.correct == 1)
        #expect(value.gradient[0, 1, 1] != 0 && value.gradient[0, 3, 1] == 0)
        // A class that never leaves 0 has its maximum at the first step.
        #expect(value.gradient[0, 0, 0] != 0)
    }

    @Test(arguments: [MaxOverTime(scale: 3), SumOverTime(scale: 0.7)] as [any Loss])
    func gradientAgreesWithFiniteDifferences(of loss: any Loss) {
        let readout = Sample.series(entries: 4, steps: 5, neurons: 3, seed: 31)
        let labels = [2, 0, 1, 1]
        let value = loss.evaluate(readout: readout, labels: labels)
        #expect(value.correct == zip(value.predictions, labels).count { $0 == $1 })
        // Small steps of exactly representable size; the value is in double precision.
        let h = Float(0x1p-9)
        for entry in 0..<4 {
            for step in 0..<5 {
                for neuron in 0..<3 {
                    var (up, down) = (readout, readout)
                    up[entry, step, neuron] += h
                    down[entry, step, neuron] -= h
                    let difference = Double(up[entry, step, neuron] - down[entry, step, neuron])
                    let slope =
                        (loss.evaluate(readout: up, labels: labels).value
                            - loss.evaluate(readout: down, labels: labels).value) / difference
                    #expect(abs(slope - Double(value.gradient[entry, step, neuron])) < 2e-5, "seed 31")
                }
            }
        }
    }

    @Test func largeScoresDoNotOverflow() {
        var readout = TimeSeries(entries: 1, steps: 2, neurons: 3)
        readout[0, 1, 0] = 1000
        let value = MaxOverTime().evaluate(readout: readout, labels: [1])
        #expect(value.value == 10_000)
        #expect(value.gradient.values.allSatisfy { $0.isFinite })
    }
}

@Suite struct RegularizationTests {
    /// Counts 2, 0, 1 and 0, 3, 0 in two entries: mean of squares (4 + 1 + 9)/6, derivative 2 count/6.
    @Test func burstsArePenalisedByTheirSquare() {
        let network = Sample.network([1, 3, 1], seed: 1, grid: TimeGrid(steps: 5))
        let spikes = GriddedSpikes(
            steps: 5, channels: 3,
            entries: [
                [(step: 1, unit: 0), (step: 4, unit: 0), (step: 2, unit: 2)],
                [(step: 0, unit: 1), (step: 1, unit: 1), (step: 2, unit: 1)],
            ])
        let input = GriddedSpikes(silentEntries: 2, steps: 5, channels: 1)
        let trace = network.replay(
            input, observing: Observation(layers: [LayerObservation(spikes: spikes), LayerObservation()]))
        var gradient = TimeSeries(entries: 2, steps: 5, neurons: 1)
        let value = Regularization(burst: 0.5, weightDecay: 0).activityPenalty(
            of: trace, addingTo: &gradient)
        #expect(abs(value.value - 0.5 * 14 / 6) < 1e-12)
        let expected = Matrix(rows: 2, columns: 3, unpadded: [2, 0, 1, 0, 3, 0].map { $0 / 6 })
        #expect(value.spikeGradient == [expected])
        #expect(gradient.values.allSatisfy { $0 == 0 })
    }

    @Test func readoutsAndFrozenLayersDoNotDecay() {
        var network = Sample.network([4, 5, 6, 2], seed: 2, grid: TimeGrid(steps: 5))
        network.frozenLayers = [1]
        var gradients = Gradients.zero(of: network)
        let value = Regularization(weightDecay: 0.3).weightPenalty(of: network, addingTo: &gradients)
        let means = network.layers.prefix(2).map { layer in
            layer.weights.unpadded.reduce(0) { $0 + Double($1 * $1) } / Double(layer.sources * layer.neurons)
        }
        #expect(abs(value - 0.3 * (means[0] + means[1])) < 1e-6)
        for row in 0..<4 {
            for column in 0..<5 {
                let expected = 2 * 0.3 * network.layers[0].weights[row, column] / 20
                #expect(abs(gradients.layers[0].weights[row, column] - expected) < 1e-7)
            }
        }
        #expect(gradients.layers[1].weights.values.allSatisfy { $0 == 0 })
        #expect(gradients.layers[2].weights.values.allSatisfy { $0 == 0 })
    }
}
