import Foundation
import SpikingNetworks
import Tensors

/// The model in double precision and plain loops, written from the equations, sharing nothing with the kernels.
struct Reference {
    var network: Network
    /// Weights per layer `[source][neuron]`, to be varied.
    var weights: [[[Double]]]
    var recurrent: [[[Double]]?]

    struct Activity {
        /// `[layer][entry][step][neuron]`.
        var membranes: [[[[Double]]]]
        var spikes: [[[[Double]]]]
    }

    struct Derivatives {
        var weights: [[[Double]]]
        var recurrent: [[[Double]]?]
    }

    init(_ network: Network) {
        self.network = network
        weights = network.layers.map { Self.rows($0.weights) }
        recurrent = network.layers.map { $0.recurrent.map(Self.rows) }
    }

    static func rows(_ matrix: Matrix) -> [[Double]] {
        (0..<matrix.rows).map { row in (0..<matrix.columns).map { Double(matrix[row, $0]) } }
    }

    /// (a, b, k or g, whether the new current drives).
    func factors(_ index: Int) -> (a: Double, b: Double, k: Double, new: Bool) {
        let p = network.layers[index].parameters
        let dt = network.grid.stepMicroseconds
        let (a, b) = (exp(-dt / p.tauSyn), exp(-dt / p.tauMem))
        let gain = 1.7 / (p.tauSyn * (1 - exp(-1.7 / p.tauSyn)) * (1 - exp(-1.7 / p.tauMem)))
        let charge = gain * p.tauSyn * (1 - a) * (1 - b) / dt
        switch network.integration {
        case .releasedCode: return (a, b, charge, true)
        case .paperText: return (a, b, charge, false)
        case .exponential:
            let same = p.tauMem == p.tauSyn
            let exact = same ? gain * dt / p.tauMem * a : gain * p.tauSyn / (p.tauMem - p.tauSyn) * (b - a)
            return (a, b, exact, false)
        }
    }

    func spike(_ membrane: Double, _ index: Int) -> Double {
        let x = membrane - (network.layers[index].parameters.vThreshold)
        guard network.spikeFunction == .smoothed else { return x > 0 ? 1 : 0 }
        let beta = Double((network.surrogate as? SuperSpike)?.beta ?? .nan)
        return x / (1 + beta * abs(x)) + 1 / beta
    }

    static func dense(_ spikes: GriddedSpikes) -> [[[Double]]] {
        (0..<spikes.entries).map { entry in
            (0..<spikes.steps).map { step in
                var row = [Double](repeating: 0, count: spikes.channels)
                for index in spikes.spikes(entry: entry, step: step) {
                    row[Int(spikes.units[index])] = Double(spikes.values?[index] ?? 1)
                }
                return row
            }
        }
    }

    func forward(_ input: GriddedSpikes) -> Activity {
        var below = Self.dense(input)
        var activity = Activity(membranes: [], spikes: [])
        for (index, layer) in network.layers.enumerated() {
            let (a, b, k, new) = factors(index)
            let p = layer.parameters
            var membranes: [[[Double]]] = []
            var spikes: [[[Double]]] = []
            for entry in below {
                var v = [Double](repeating: 0, count: layer.neurons)
                var i = v
                membranes.append([])
                spikes.append([])
                for step in entry {
                    let s = layer.kind == .spiking ? v.map { spike($0, index) } : v.map { _ in 0 }
                    membranes[membranes.count - 1].append(v)
                    spikes[spikes.count - 1].append(s)
                    for n in 0..<layer.neurons {
                        let old = i[n]
                        var current = a * old
                        for source in 0..<layer.sources { current += weights[index][source][n] * step[source] }
                        if let matrix = recurrent[index] {
                            for source in 0..<layer.neurons { current += matrix[source][n] * s[source] }
                        }
                        i[n] = current
                        var held = b * v[n]
                        if network.reset == .zero { held = s[n] > 0 ? b * p.vReset : b * v[n] }
                        v[n] = held + k * (new ? current : old)
                        if network.reset == .subtract { v[n] -= s[n] * (p.vThreshold - p.vReset) }
                    }
                }
            }
            activity.membranes.append(membranes)
            activity.spikes.append(spikes)
            below = spikes
        }
        return activity
    }

    /// The adjoint at the membranes and spikes of a trace.
    func backward(_ trace: Trace, readoutGradient: TimeSeries, spikeGradient: [Matrix]?) -> Derivatives {
        var result = Derivatives(
            weights: weights.map { $0.map { $0.map { _ in 0 } } },
            recurrent: recurrent.map { $0.map { $0.map { $0.map { _ in 0 } } } })
        let (entries, steps) = (trace.input.entries, trace.input.steps)
        for entry in 0..<entries {
            var nextCurrents: [[Double]] = []
            for index in network.layers.indices.reversed() {
                let layer = network.layers[index]
                let (a, b, k, new) = factors(index)
                let isReadout = index == network.layers.count - 1
                let below = Self.dense(index == 0 ? trace.input : trace.layers[index - 1].spikes)[entry]
                let own = Self.dense(trace.layers[index].spikes)[entry]
                let zero = [Double](repeating: 0, count: layer.neurons)
                var di = [[Double]](repeating: zero, count: steps + 1)
                var dv = di
                for t in (0..<steps).reversed() {
                    for n in 0..<layer.neurons {
                        var carried = b * dv[t + 1][n]
                        if network.reset == .zero { carried *= 1 - own[t][n] }
                        if isReadout {
                            carried += Double(readoutGradient[entry, t, n])
                        } else {
                            var ds = Double(spikeGradient?[index][entry, n] ?? 0)
                            if t + 1 < steps {
                                for m in 0..<network.layers[index + 1].neurons {
                                    ds += weights[index + 1][n][m] * nextCurrents[t + 1][m]
                                }
                                if let matrix = recurrent[index] {
                                    for m in 0..<layer.neurons { ds += matrix[n][m] * di[t + 1][m] }
                                }
                            }
                            let x = Double(trace.layers[index].membranes[entry, t, n]) - layer.parameters.vThreshold
                            let beta = Double((network.surrogate as? SuperSpike)?.beta ?? .nan)
                            carried += ds / pow(beta * abs(x) + 1, 2)
                        }
                        dv[t][n] = carried
                        di[t][n] = a * di[t + 1][n] + k * (new ? carried : dv[t + 1][n])
                    }
                }
                for t in 0..<steps - 1 {
                    for n in 0..<layer.neurons {
                        for source in 0..<layer.sources {
                            result.weights[index][source][n] += below[t][source] * di[t + 1][n]
                        }
                        if recurrent[index] != nil {
                            for source in 0..<layer.neurons {
                                result.recurrent[index]?[source][n] += own[t][source] * di[t + 1][n]
                            }
                        }
                    }
                }
                nextCurrents = di
            }
        }
        return result
    }

    /// `|a - b| / |b|` over all elements.
    static func relativeError(_ matrix: Matrix, _ expected: [[Double]]) -> Double {
        var (difference, norm) = (0.0, 0.0)
        for row in 0..<matrix.rows {
            for column in 0..<matrix.columns {
                difference += pow(Double(matrix[row, column]) - expected[row][column], 2)
                norm += pow(expected[row][column], 2)
            }
        }
        return norm == 0 ? difference.squareRoot() : (difference / norm).squareRoot()
    }
}

/// Random networks and inputs of tests.
enum Sample {
    /// Layer sizes from inputs to readout; weights have a mean that lets some neurons spike.
    static func network(
        _ sizes: [Int], seed: UInt64, grid: TimeGrid, integration: Integration = .releasedCode,
        reset: Reset = .subtract, beta: Float = 50, spikeFunction: SpikeFunction = .step,
        recurrent: Bool = false, spread: Double = 1, equalConstants: Bool = true
    ) -> Network {
        var stream = RandomStream(seed: seed, purpose: .trial, 0)
        let layers = (1..<sizes.count).map { index in
            let (sources, neurons) = (sizes[index - 1], sizes[index])
            let scale = spread / Double(sources).squareRoot()
            let spiking = index < sizes.count - 1
            return Layer(
                kind: spiking ? .spiking : .integrating,
                parameters: equalConstants
                    ? LIFParameters() : LIFParameters(tauMem: 9, tauSyn: 5),
                weights: Matrix(rows: sources, columns: neurons) { _, _ in
                    Float(scale * (stream.nextNormal() + 0.2))
                },
                recurrent: recurrent && spiking
                    ? Matrix(rows: neurons, columns: neurons) { _, _ in
                        Float(0.5 / Double(neurons).squareRoot() * stream.nextNormal())
                    } : nil)
        }
        return Network(
            layers: layers, grid: grid, integration: integration, reset: reset,
            surrogate: SuperSpike(beta: beta), spikeFunction: spikeFunction)
    }

    /// Each bin and channel spikes with a probability.
    static func spikes(
        entries: Int, steps: Int, channels: Int, probability: Double, seed: UInt64
    ) -> GriddedSpikes {
        var stream = RandomStream(seed: seed, purpose: .trial, 1)
        return GriddedSpikes(
            steps: steps, channels: channels,
            entries: (0..<entries).map { _ in
                (0..<steps).flatMap { step in
                    (0..<channels).compactMap { unit in
                        stream.nextUniform() < probability ? (step: step, unit: unit) : nil
                    }
                }
            })
    }

    /// Normal numbers.
    static func series(entries: Int, steps: Int, neurons: Int, seed: UInt64) -> TimeSeries {
        var stream = RandomStream(seed: seed, purpose: .trial, 2)
        var series = TimeSeries(entries: entries, steps: steps, neurons: neurons)
        for entry in 0..<entries {
            for step in 0..<steps {
                for neuron in 0..<neurons { series[entry, step, neuron] = Float(stream.nextNormal()) }
            }
        }
        return series
    }
}
