import SpikeData
import SpikingNetworks
import Substrate

/// One training step, from samples to changed weights: the pipeline that every rule, device and experiment runs through.
///
/// Software-only training is the same pipeline without a device: nothing is observed, so everything is modelled.
struct TrainingStep {
    let placement: Placement
    let alignment: Alignment
    let mapping: WeightMapping
    let device: (any SpikingDevice)?

    /// What a step leaves beside the changed network.
    struct Result {
        var outcome: StepOutcome
        var saturated: Int
        var recording: Recording?
        var example: Example
    }

    /// Runs one minibatch and lets the rule change the network.
    ///
    /// - Parameters:
    ///   - network: weights in model units; hidden units that `mask` silences neither receive nor learn.
    ///   - batch: number of the batch within the run, the key of its temporal noise.
    /// - Throws: what the device answers instead of a recording.
    func run<Rule: LearningRule>(
        _ network: inout Network, rule: inout Rule, trains: SpikeTrains, labels: [Int], mask: DropoutMask?,
        batch: UInt64, clock: inout StepClock
    ) async throws -> Result {
        var silenced = network
        mask?.silence(&silenced)
        let mapped = mapping.quantize(silenced)
        clock.end(.map)
        let recording = try await record(trains, mapped.synapses, rule.demand, batch: batch)
        clock.end(.device)
        let example = Example(
            input: alignment.grid(trains), labels: labels,
            observation: recording.map { alignment.observe($0, scales: mapped.scales) })
        clock.end(.align)
        let original = mask == nil ? nil : network
        network = silenced
        // The rule works in place only where nobody else holds the weights.
        silenced.layers = []
        let outcome = rule.update(&network, from: example, clock: &clock)
        if let mask, let original { mask.restore(&network, silenced: original) }
        return Result(
            outcome: outcome, saturated: mapped.saturated, recording: recording, example: example)
    }

    private func record(
        _ trains: SpikeTrains, _ synapses: SynapseMatrix, _ demand: ObservableDemand, batch: UInt64
    ) async throws -> Recording? {
        guard let device else { return nil }
        let neuronCount = placement.configuration.neuronCount
        let readout = placement.neurons.last ?? 0..<0
        return try await device.run(
            DeviceBatch(
                id: batch, configuration: placement.configuration, synapses: synapses, inputs: trains,
                observables: Observables(
                    spikes: demand.spikes, membranes: demand.hiddenMembranes ? 0..<neuronCount : readout)))
    }
}
