internal import Substrate
internal import Tensors

extension NeuronParameters {
    /// What codes give on paper.
    func values(of codes: NeuronCodes) -> NeuronTargets {
        func value(_ code: UInt16, _ range: ParameterRange) -> Double {
            let value = range.value(ofCode: Double(code), highest: highestCode)
            return min(max(value, range.coded.lowerBound), range.coded.upperBound)
        }
        return NeuronTargets(
            leak: value(codes.leak, potential), reset: value(codes.reset, potential),
            threshold: value(codes.threshold, threshold), tauMem: value(codes.tauMem, tauMem),
            tauSynExcitatory: value(codes.tauSynExcitatory, tauSyn),
            tauSynInhibitory: value(codes.tauSynInhibitory, tauSyn),
            refractory: value(codes.refractory, refractory),
            synapticGain: value(codes.synapticGain, synapticGain))
    }

    /// Fine codes that stand for the targets of a chip that takes no codes, so that one way of measuring serves all
    /// chips; `allowed` is what the chip takes, where it says so.
    static func standIn(for targets: NeuronTargets, allowed: NeuronParameters?) -> NeuronParameters {
        func range(
            _ wanted: ClosedRange<Double>, _ allowed: ParameterRange?, _ spacing: ParameterRange.Spacing
        ) -> ParameterRange {
            let range = allowed.map { wanted.clamped(to: $0.allowed) } ?? wanted
            return ParameterRange(allowed: range, coded: range, spacing: spacing)
        }
        // A factor of twenty to both sides: in 16 bits steps of less than 0.01 %.
        func around(_ lower: Double, _ upper: Double) -> ClosedRange<Double> { lower / 20...upper * 20 }
        let taus = [targets.tauSynExcitatory, targets.tauSynInhibitory].sorted()
        return NeuronParameters(
            potential: range(-100...400, allowed?.potential, .linear),
            threshold: range(-100...400, allowed?.threshold, .linear),
            tauMem: range(around(targets.tauMem, targets.tauMem), allowed?.tauMem, .logarithmic),
            tauSyn: range(around(taus[0], taus[1]), allowed?.tauSyn, .logarithmic),
            refractory: range(0...max(32, 2 * targets.refractory), allowed?.refractory, .linear),
            synapticGain: range(
                around(targets.synapticGain, targets.synapticGain), allowed?.synapticGain, .logarithmic),
            bits: 16, isCalibratedByHost: false)
    }
}
