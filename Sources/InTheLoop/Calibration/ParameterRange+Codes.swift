internal import Substrate
internal import Tensors

extension ParameterRange {
    /// The value that a code of `0...highest` gives on paper.
    func value(ofCode code: Double, highest: Int) -> Double {
        let place = code / Double(highest)
        let (lower, upper) = (coded.lowerBound, coded.upperBound)
        switch spacing {
        case .linear: return lower + place * (upper - lower)
        case .logarithmic: return lower * PortableMath.exp(place * PortableMath.log(upper / lower))
        }
    }

    /// The code, as a real number within the range, that is on paper as far from another one as two values are.
    func code(_ code: Double, moving value: Double, to target: Double, highest: Int) -> Double {
        let (lower, upper) = (coded.lowerBound, coded.upperBound)
        let part =
            switch spacing {
            case .linear: (target - value) / (upper - lower)
            case .logarithmic:
                PortableMath.log(max(target, lower) / max(value, lower))
                    / PortableMath.log(upper / lower)
            }
        return min(max(code + part * Double(highest), 0), Double(highest))
    }

    /// The code, as a real number, that gives a value on paper.
    func code(of value: Double, highest: Int) -> Double {
        code(0, moving: coded.lowerBound, to: value, highest: highest)
    }
}

extension NeuronParameters {
    /// The codes that give targets on paper; meaningless where there are none.
    func nominalCodes(for targets: NeuronTargets) -> NeuronCodes {
        func code(_ value: Double, _ range: ParameterRange) -> UInt16 {
            UInt16(range.code(of: value, highest: highestCode).rounded())
        }
        return NeuronCodes(
            leak: code(targets.leak, potential), reset: code(targets.reset, potential),
            threshold: code(targets.threshold, threshold), tauMem: code(targets.tauMem, tauMem),
            tauSynExcitatory: code(targets.tauSynExcitatory, tauSyn),
            tauSynInhibitory: code(targets.tauSynInhibitory, tauSyn),
            refractory: code(targets.refractory, refractory),
            synapticGain: code(targets.synapticGain, synapticGain), cadcOffset: 0)
    }
}
