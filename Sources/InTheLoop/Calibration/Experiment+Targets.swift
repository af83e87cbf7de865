internal import SpikingNetworks
public import Substrate

extension Experiment {
    /// What the chip's neurons are set to, each once; populations with the same targets share a calibration.
    public var neuronTargets: [NeuronTargets] {
        let parameters = LIFParameters(
            tauMem: network.tauMemMicroseconds, tauSyn: network.tauSynMicroseconds)
        return [Placement.targets(parameters, chip: chip, hiddenScale: mapping.hiddenScale)]
    }
}
