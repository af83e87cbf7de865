public import SpikeData
public import SpikingNetworks
internal import Tensors

/// The parts that an experiment names, made: encoder, network, rule, mapping.
public struct ExperimentSetup: Sendable {
    /// The experiment.
    public let experiment: Experiment
    /// Features to input spikes.
    public let encoder: any SpikeEncoder
    /// The network with its initial weights.
    public let network: Network
    /// Weights to codes.
    public let mapping: WeightMapping
    /// The learning rule in its initial state.
    public let rule: SurrogateGradientRule

    /// Makes the parts for a data set.
    ///
    /// - Parameters:
    ///   - featureCount: features of a sample.
    ///   - classCount: classes, hence readout neurons.
    ///   - weightLimit: largest magnitude of a weight code, of the chip or, in software, of the default chip.
    ///   - threads: threads of the host's kernels; the results do not depend on it.
    public init(
        _ experiment: Experiment, featureCount: Int, classCount: Int, weightLimit: Int, threads: Int
    ) {
        self.experiment = experiment
        encoder = Self.encoder(experiment, featureCount: featureCount)
        mapping = WeightMapping(
            hiddenScale: Float(experiment.mapping.hiddenScale(weightLimit: weightLimit)),
            readoutScaleLimit: Float(experiment.mapping.readoutScaleLimit(weightLimit: weightLimit)),
            weightLimit: weightLimit)
        network = Self.network(
            experiment, inputs: encoder.channelCount, classes: classCount,
            limit: mapping.hiddenWeightLimit)
        let objective = experiment.objective
        let loss: any Loss =
            switch objective.score {
            case .maxOverTime: MaxOverTime(scale: objective.scale)
            case .sumOverTime: SumOverTime(scale: objective.scale)
            }
        rule = SurrogateGradientRule(
            loss: loss,
            regularization: Regularization(
                burst: objective.burst, weightDecay: objective.weightDecay,
                readoutAmplitude: objective.readoutAmplitude),
            optimizer: Adam(
                for: network, learningRate: experiment.training.learningRate,
                decayPerEpoch: experiment.training.decayPerEpoch),
            measuresMembranes: experiment.graph.measured == .membranes,
            hiddenWeightLimit: mapping.hiddenWeightLimit, threads: threads)
    }

    private static func encoder(_ experiment: Experiment, featureCount: Int) -> any SpikeEncoder {
        let encoding = experiment.encoding
        switch encoding.kind {
        case .latency:
            return LatencyEncoder(
                channelCount: featureCount, tau: encoding.tauMicroseconds, threshold: encoding.threshold,
                window: experiment.grid.stepMicroseconds * Double(experiment.grid.steps))
        case .linear:
            return LinearLatencyEncoder(
                featureCount: featureCount, early: encoding.earlyMicroseconds,
                late: encoding.lateMicroseconds,
                bias: encoding.biasMicroseconds < 0 ? nil : encoding.biasMicroseconds,
                copies: encoding.copies)
        }
    }

    private static func network(
        _ experiment: Experiment, inputs: Int, classes: Int, limit: Float
    ) -> Network {
        let section = experiment.network
        let parameters = section.neuronParameters
        var layers: [Layer] = []
        var sources = inputs
        for (index, hidden) in section.hidden.enumerated() {
            var stream = RandomStream(seed: experiment.seed, purpose: .weights, UInt64(index))
            let fanIn = sources + (hidden.recurrent ? hidden.size : 0)
            let deviation = section.hiddenSpread / Double(fanIn).squareRoot()
            func draw(_ rows: Int) -> Matrix {
                Matrix(rows: rows, columns: hidden.size) { _, _ in
                    let weight = Float(section.hiddenMean + deviation * stream.nextNormal())
                    return min(max(weight, -limit), limit)
                }
            }
            let weights = draw(sources)
            layers.append(
                Layer(
                    kind: .spiking, parameters: parameters, weights: weights,
                    recurrent: hidden.recurrent ? draw(hidden.size) : nil))
            sources = hidden.size
        }
        var stream = RandomStream(
            seed: experiment.seed, purpose: .weights, UInt64(section.hidden.count))
        let deviation = section.readoutSpread / Double(sources).squareRoot()
        layers.append(
            Layer(
                kind: .integrating, parameters: parameters,
                weights: Matrix(rows: sources, columns: classes) { _, _ in
                    Float(deviation * stream.nextNormal())
                }))
        return Network(
            layers: layers, grid: experiment.grid, integration: experiment.graph.integration,
            reset: experiment.graph.reset,
            surrogate: SuperSpike(beta: Float(experiment.graph.surrogateSlope)),
            frozenLayers: section.freezeHidden ? Set(section.hidden.indices) : [])
    }
}
