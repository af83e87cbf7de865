import Foundation
import SpikingNetworks
import Tensors
import Testing

@Suite struct AdamTests {
    private func gradients(of network: Network, stream: inout RandomStream) -> Gradients {
        var result = Gradients.zero(of: network)
        func fill(_ matrix: Matrix) -> Matrix {
            Matrix(rows: matrix.rows, columns: matrix.columns) { _, _ in Float(stream.nextNormal() * 0.01) }
        }
        for index in result.layers.indices {
            result.layers[index].weights = fill(result.layers[index].weights)
            result.layers[index].recurrent = result.layers[index].recurrent.map(fill)
        }
        return result
    }

    @Test(arguments: KernelLevel.available)
    func updatesFollowTheFormula(level: KernelLevel) {
        var network = Sample.network([5, 19, 3], seed: 41, grid: TimeGrid(steps: 5), recurrent: true)
        var stream = RandomStream(seed: 41, purpose: .trial, 9)
        var adam = Adam(for: network)
        var weights = [network.layers[0].weights, network.layers[0].recurrent, network.layers[1].weights]
            .compactMap { $0.map(Reference.rows) }
        var first = weights.map { $0.map { $0.map { _ in 0.0 } } }
        var second = first
        for step in 1...30 {
            let gradient = gradients(of: network, stream: &stream)
            adam.update(&network, with: gradient, limits: [0.3, nil], threads: 2, level: level)
            let rate = 1.5e-3 * pow(0.97, Double((step - 1) / 10))
            #expect(abs(adam.currentLearningRate - rate) < 1e-12)
            let rows = [gradient.layers[0].weights, gradient.layers[0].recurrent, gradient.layers[1].weights]
                .compactMap { $0.map(Reference.rows) }
            for (group, matrix) in rows.enumerated() {
                for (row, values) in matrix.enumerated() {
                    for (column, g) in values.enumerated() {
                        let m = 0.9 * first[group][row][column] + 0.1 * g
                        let v = 0.999 * second[group][row][column] + 0.001 * g * g
                        first[group][row][column] = m
                        second[group][row][column] = v
                        let n = Double(step)
                        var w = weights[group][row][column]
                        w -= rate * (m / (1 - pow(0.9, n))) / ((v / (1 - pow(0.999, n))).squareRoot() + 1e-8)
                        weights[group][row][column] = group < 2 ? min(max(w, -0.3), 0.3) : w
                    }
                }
            }
            if step % 10 == 0 { adam.endEpoch() }
        }
        let updated = [network.layers[0].weights, network.layers[0].recurrent, network.layers[1].weights]
            .compactMap { $0 }
        for (matrix, expected) in zip(updated, weights) {
            #expect(Reference.relativeError(matrix, expected) < 2e-6, "seed 41")
        }
        #expect(updated[0].values.contains(0.3))
    }

    @Test func levelsAndThreadsGiveTheSameBits() {
        let network = Sample.network([50, 77, 11], seed: 42, grid: TimeGrid(steps: 5))
        var expected: (Network, Adam)?
        for level in KernelLevel.available {
            for threads in 1...3 {
                var stream = RandomStream(seed: 42, purpose: .trial, 9)
                var (copy, adam) = (network, Adam(for: network))
                for _ in 0..<5 {
                    adam.update(
                        &copy, with: gradients(of: copy, stream: &stream), limits: [0.2, nil],
                        threads: threads, level: level)
                }
                if let expected {
                    #expect(copy.layers == expected.0.layers && adam == expected.1)
                } else {
                    expected = (copy, adam)
                }
            }
        }
    }

    @Test func aStoredStateContinuesBitExactly() {
        var network = Sample.network([5, 6, 3], seed: 43, grid: TimeGrid(steps: 5))
        var stream = RandomStream(seed: 43, purpose: .trial, 9)
        var adam = Adam(for: network)
        for _ in 0..<3 { adam.update(&network, with: gradients(of: network, stream: &stream)) }
        adam.endEpoch()
        var resumedNetwork = network
        var resumed = Adam(for: resumedNetwork)
        resumed.state = Adam.State(
            step: adam.state.step, epoch: adam.state.epoch,
            firstMoments: adam.state.firstMoments.map {
                Matrix(rows: $0.rows, columns: $0.columns, unpadded: $0.unpadded)
            },
            secondMoments: adam.state.secondMoments.map {
                Matrix(rows: $0.rows, columns: $0.columns, unpadded: $0.unpadded)
            })
        let gradient = gradients(of: network, stream: &stream)
        adam.update(&network, with: gradient)
        resumed.update(&resumedNetwork, with: gradient)
        #expect(resumedNetwork.layers == network.layers && resumed == adam)
    }

    @Test func frozenLayersStayUnchanged() {
        var network = Sample.network([5, 6, 7, 3], seed: 44, grid: TimeGrid(steps: 5), recurrent: true)
        network.frozenLayers = [1]
        let before = network.layers
        var stream = RandomStream(seed: 44, purpose: .trial, 9)
        var adam = Adam(for: network)
        adam.update(&network, with: gradients(of: network, stream: &stream), limits: [0.01, 0.01, 0.01])
        #expect(network.layers[1] == before[1])
        #expect(network.layers[0] != before[0] && network.layers[2] != before[2])
    }
}

@Suite struct GriddedSpikesTests {
    @Test func listsAreSortedAndBinsHoldOneSpikeAUnit() {
        let spikes = GriddedSpikes(
            steps: 3, channels: 70,
            entries: [
                [(step: 2, unit: 69), (step: 0, unit: 5), (step: 2, unit: 1), (step: 2, unit: 69)], [],
                [(step: 1, unit: 64)],
            ])
        #expect(spikes.units == [5, 1, 69, 64])
        #expect(spikes.offsets == [0, 1, 1, 3, 3, 3, 3, 3, 4, 4])
        #expect(Array(spikes[0, 2]) == [1, 69])
        #expect(
            spikes
                == GriddedSpikes(
                    entries: 3, steps: 3, channels: 70, offsets: spikes.offsets, units: spikes.units))
    }

    @Test func totalsCountEachUnit() {
        let spikes = Sample.spikes(entries: 4, steps: 9, channels: 33, probability: 0.3, seed: 51)
        let dense = Reference.dense(spikes)
        for entry in 0..<4 {
            for unit in 0..<33 {
                let expected = dense[entry].reduce(0) { $0 + $1[unit] }
                #expect(Double(spikes.totals[entry, unit]) == expected)
            }
        }
    }
}

@Suite struct GradientsTests {
    @Test func sumsAndScalesReachAllGroups() {
        let network = Sample.network([2, 3, 1], seed: 1, grid: TimeGrid(steps: 2), recurrent: true)
        var sum = Gradients.zero(of: network)
        var one = sum
        for index in one.layers.indices {
            one.layers[index].weights[0, 0] = 3
            one.layers[index].recurrent?[0, 0] = 5
        }
        sum.add(one)
        sum.add(one, times: 2)
        sum.scale(by: 0.5)
        #expect(sum.layers.map { $0.weights[0, 0] } == [4.5, 4.5])
        #expect(sum.layers[0].recurrent?[0, 0] == 7.5)
    }
}
