internal import SpikingNetworks
public import Substrate

extension NeuronTargets {
    /// What a layer's neurons have to be on the chip, so that they are the model's.
    ///
    /// One weight code is `1 / hiddenScale` model units; one model unit is (threshold - leak).
    init(_ parameters: LIFParameters, chip: ChipSection, hiddenScale: Double) {
        self.init(
            leak: chip.leak, reset: chip.reset, threshold: chip.threshold,
            tauMem: parameters.tauMem, tauSynExcitatory: parameters.tauSyn,
            tauSynInhibitory: parameters.tauSyn, refractory: chip.refractoryMicroseconds,
            synapticGain: parameters.membraneGain * (chip.threshold - chip.leak) / hiddenScale)
    }
}

extension Experiment {
    /// What all neurons of the experiment have to be on a chip.
    public func neuronTargets(on geometry: ChipGeometry) -> NeuronTargets {
        NeuronTargets(
            network.neuronParameters, chip: chip,
            hiddenScale: mapping.hiddenScale(weightLimit: geometry.weightLimit))
    }
}
