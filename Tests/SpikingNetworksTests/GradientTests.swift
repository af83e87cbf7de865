import Foundation
import SpikingNetworks
import Tensors
import Testing

/// What a gradient check runs on.
struct GradientCase: Sendable, CustomTestStringConvertible {
    var sizes: [Int]
    var recurrent: Bool
    var integration: Integration
    var sum: Bool
    var beta: Float

    var testDescription: String {
        "\(sizes) \(recurrent ? "recurrent " : "")\(integration) \(sum ? "sum" : "max") beta \(beta)"
    }

    static let all = [[4, 6, 3], [3, 5, 4, 2]].flatMap { sizes in
        [false, true].flatMap { recurrent in
            Integration.allCases.flatMap { integration in
                [false, true].flatMap { sum in
                    [Float(3), 50].map { beta in
                        GradientCase(
                            sizes: sizes, recurrent: recurrent, integration: integration, sum: sum, beta: beta)
                    }
                }
            }
        }
    }
}

@Suite struct GradientTests {
    private let regularization = Regularization(burst: 0.3, weightDecay: 0.2, readoutAmplitude: 0.4)

    /// The whole loss, in double precision, from the formulas.
    private func loss(_ reference: Reference, _ input: GriddedSpikes, labels: [Int], sum: Bool) -> Double {
        let activity = reference.forward(input)
        let readout = activity.membranes[activity.membranes.count - 1]
        let classes = reference.network.outputCount
        var value = 0.0
        for (entry, label) in labels.enumerated() {
            let peaks = (0..<classes).map { n in readout[entry].map { $0[n] }.max() ?? 0 }
            let scores = (0..<classes).map { n in
                sum ? 0.5 * readout[entry].reduce(0) { $0 + $1[n] } : 10 * peaks[n]
            }
            value += (log(scores.reduce(0) { $0 + exp($1) }) - scores[label]) / Double(labels.count)
            for peak in peaks {
                value += regularization.readoutAmplitude * peak * peak / Double(labels.count * classes)
            }
        }
        for index in 0..<reference.network.layers.count - 1 {
            let layer = reference.network.layers[index]
            for entry in activity.spikes[index] {
                for n in 0..<layer.neurons {
                    let total = entry.reduce(0) { $0 + $1[n] }
                    value += regularization.burst * total * total / Double(labels.count * layer.neurons)
                }
            }
            for row in reference.weights[index] {
                for weight in row {
                    value += regularization.weightDecay * weight * weight / Double(layer.sources * layer.neurons)
                }
            }
        }
        return value
    }

    /// The step is replaced by the surrogate's antiderivative, so that the surrogate gradient is the true gradient. The
    /// reset is off: the adjoint leaves it out by definition, finite differences would see it.
    @Test(arguments: GradientCase.all)
    func gradientOfTheSmoothedNetworkAgreesWithFiniteDifferences(of item: GradientCase) {
        let network = Sample.network(
            item.sizes, seed: 11, grid: TimeGrid(steps: 9, stepMicroseconds: 1.3), integration: item.integration,
            reset: .off, beta: item.beta, spikeFunction: .smoothed, recurrent: item.recurrent,
            spread: 1.5, equalConstants: item.sum)
        let input = Sample.spikes(
            entries: 3, steps: 9, channels: item.sizes[0], probability: 0.35, seed: 11)
        let labels = [0, 1, item.sizes[item.sizes.count - 1] - 1]
        let trace = network.replay(input)
        let objective: any Loss = item.sum ? SumOverTime(scale: 0.5) : MaxOverTime()
        var value = objective.evaluate(readout: trace.readout, labels: labels)
        let activity = regularization.activityPenalty(of: trace, addingTo: &value.gradient)
        var gradients = network.backward(
            trace, readoutGradient: value.gradient, spikeGradient: activity.spikeGradient)
        let decay = regularization.weightPenalty(of: network, addingTo: &gradients)

        var reference = Reference(network)
        let expected = loss(reference, input, labels: labels, sum: item.sum)
        #expect(abs(value.value + activity.value + decay - expected) < 1e-5 * expected)
        let h = 1e-6
        func slope(_ path: WritableKeyPath<Reference, Double>) -> Double {
            let weight = reference[keyPath: path]
            reference[keyPath: path] = weight + h
            let up = loss(reference, input, labels: labels, sum: item.sum)
            reference[keyPath: path] = weight - h
            let down = loss(reference, input, labels: labels, sum: item.sum)
            reference[keyPath: path] = weight
            return (up - down) / (2 * h)
        }
        for (index, layer) in network.layers.enumerated() {
            let weights = (0..<layer.sources).map { row in
                (0..<layer.neurons).map { slope(\.weights[index][row][$0]) }
            }
            let error = Reference.relativeError(gradients.layers[index].weights, weights)
            #expect(error < 1e-3, "layer \(index), weights, seed 11")
            guard let gradient = gradients.layers[index].recurrent else { continue }
            // Smoothed spikes are at most 2/beta high: a small step would drown in rounding.
            let h = 1e-4
            let recurrent = (0..<layer.neurons).map { row in
                (0..<layer.neurons).map { column in
                    let original = reference.recurrent
                    reference.recurrent[index]?[row][column] += h
                    let up = loss(reference, input, labels: labels, sum: item.sum)
                    reference.recurrent = original
                    reference.recurrent[index]?[row][column] -= h
                    let down = loss(reference, input, labels: labels, sum: item.sum)
                    reference.recurrent = original
                    return (up - down) / (2 * h)
                }
            }
            #expect(
                Reference.relativeError(gradient, recurrent) < 1e-3, "layer \(index), recurrent, seed 11")
        }
    }

    @Test(arguments: KernelLevel.available)
    func kernelsAgreeWithPlainLoops(level: KernelLevel) {
        for (seed, sizes) in [[3, 5, 2], [17, 33, 4], [2, 1, 1], [20, 70, 40, 18]].enumerated() {
            for integration in Integration.allCases {
                for reset in Reset.allCases {
                    for recurrent in [false, true] {
                        let network = Sample.network(
                            sizes, seed: UInt64(seed), grid: TimeGrid(steps: 11), integration: integration,
                            reset: reset, recurrent: recurrent, equalConstants: seed % 2 == 1)
                        let input = Sample.spikes(
                            entries: 5, steps: 11, channels: sizes[0], probability: 0.3, seed: UInt64(seed))
                        expectAgreement(network, input, level: level, "seed \(seed), \(integration), \(reset)")
                    }
                }
            }
        }
    }

    @Test(arguments: KernelLevel.available)
    func kernelsAgreeWithPlainLoopsAtTheSizeOfTheChip(level: KernelLevel) {
        let network = Sample.network([256, 246, 10], seed: 12, grid: TimeGrid(steps: 20))
        let input = Sample.spikes(entries: 9, steps: 20, channels: 256, probability: 0.02, seed: 12)
        expectAgreement(network, input, level: level, "seed 12")
    }

    private func expectAgreement(
        _ network: Network, _ input: GriddedSpikes, level: KernelLevel, _ comment: Comment
    ) {
        let trace = network.replay(input, level: level)
        let gradient = Sample.series(
            entries: input.entries, steps: input.steps, neurons: network.outputCount, seed: 13)
        let spikeGradient = network.layers.dropLast().map { layer in
            Matrix(rows: input.entries, columns: layer.neurons) { Float($0 - $1) * 0.01 }
        }
        let gradients = network.backward(
            trace, readoutGradient: gradient, spikeGradient: spikeGradient, level: level)
        let expected = Reference(network).backward(
            trace, readoutGradient: gradient, spikeGradient: spikeGradient)
        for index in network.layers.indices {
            let layer = gradients.layers[index]
            #expect(Reference.relativeError(layer.weights, expected.weights[index]) < 1e-5, comment)
            #expect(
                layer.weights
                    == Matrix(
                        rows: layer.weights.rows, columns: layer.weights.columns, unpadded: layer.weights.unpadded))
            if let recurrent = layer.recurrent, let wanted = expected.recurrent[index] {
                #expect(Reference.relativeError(recurrent, wanted) < 1e-5, comment)
            }
        }
    }

    @Test func levelsAndThreadsGiveTheSameBits() {
        for (sizes, recurrent) in [([50, 77, 90, 11], true), ([50, 77, 90, 11], false), ([256, 246, 10], false)] {
            let network = Sample.network(sizes, seed: 14, grid: TimeGrid(steps: 15), recurrent: recurrent)
            let input = Sample.spikes(
                entries: 13, steps: 15, channels: sizes[0], probability: 0.1, seed: 14)
            let trace = network.replay(input)
            let gradient = Sample.series(
                entries: 13, steps: 15, neurons: network.outputCount, seed: 14)
            let expected = network.backward(trace, readoutGradient: gradient, threads: 1, level: .baseline)
            #expect(expected.layers[0].weights.values.contains { $0 != 0 })
            for level in KernelLevel.available {
                for threads in 1...3 {
                    #expect(
                        network.backward(trace, readoutGradient: gradient, threads: threads, level: level)
                            == expected)
                }
            }
        }
    }

    @Test func frozenLayersHaveNoGradientAndChangeNoOther() {
        var network = Sample.network([20, 30, 25, 3], seed: 15, grid: TimeGrid(steps: 10))
        let input = Sample.spikes(entries: 4, steps: 10, channels: 20, probability: 0.3, seed: 15)
        let trace = network.replay(input)
        let gradient = Sample.series(entries: 4, steps: 10, neurons: 3, seed: 15)
        let all = network.backward(trace, readoutGradient: gradient)
        for frozen in [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]] as [Set<Int>] {
            network.frozenLayers = frozen
            let some = network.backward(trace, readoutGradient: gradient)
            for index in 0..<3 {
                let layer = network.layers[index]
                let zero = LayerGradients(weights: Matrix(rows: layer.sources, columns: layer.neurons))
                #expect(some.layers[index] == (frozen.contains(index) ? zero : all.layers[index]))
            }
        }
    }

    @Test func anotherSurrogateGradientIsUsed() {
        struct Steep: SurrogateGradient {
            func derivative(at distance: Float) -> Float { SuperSpike(beta: 7).derivative(at: distance) }
            func antiderivative(at distance: Float) -> Float { distance }
        }
        var network = Sample.network([20, 30, 3], seed: 16, grid: TimeGrid(steps: 10), beta: 7)
        let input = Sample.spikes(entries: 4, steps: 10, channels: 20, probability: 0.3, seed: 16)
        let trace = network.replay(input)
        let gradient = Sample.series(entries: 4, steps: 10, neurons: 3, seed: 16)
        let expected = network.backward(trace, readoutGradient: gradient)
        network.surrogate = Steep()
        #expect(network.backward(trace, readoutGradient: gradient) == expected)
    }
}
