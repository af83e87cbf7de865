import Substrate

extension ParameterRange {
    /// The value that a code of `0...highest` gives on paper.
    func value(ofCode code: UInt16, highest: Int) -> Double {
        let place = Double(code) / Double(highest)
        let (lower, upper) = (coded.lowerBound, coded.upperBound)
        switch spacing {
        case .linear: return lower + place * (upper - lower)
        case .logarithmic:
            return lower * ElementaryFunctions.exp(place * ElementaryFunctions.log(upper / lower))
        }
    }

    /// The code whose value on paper is next to a value.
    func code(nextTo value: Double, highest: Int) -> UInt16 {
        let (lower, upper) = (coded.lowerBound, coded.upperBound)
        let bounded = min(max(value, lower), upper)
        let place =
            switch spacing {
            case .linear: (bounded - lower) / (upper - lower)
            case .logarithmic:
                ElementaryFunctions.log(bounded / lower) / ElementaryFunctions.log(upper / lower)
            }
        return UInt16((place * Double(highest)).rounded())
    }
}

extension NeuronParameters {
    /// The codes that give targets on paper; meaningless where there are none.
    func codes(for targets: NeuronTargets) -> NeuronCodes {
        func code(_ value: Double, _ range: ParameterRange) -> UInt16 {
            range.code(nextTo: value, highest: highestCode)
        }
        return NeuronCodes(
            leak: code(targets.leak, potential), reset: code(targets.reset, potential),
            threshold: code(targets.threshold, threshold), tauMem: code(targets.tauMem, tauMem),
            tauSynExcitatory: code(targets.tauSynExcitatory, tauSyn),
            tauSynInhibitory: code(targets.tauSynInhibitory, tauSyn),
            refractory: code(targets.refractory, refractory),
            synapticGain: code(targets.synapticGain, synapticGain), cadcOffset: 0)
    }

    /// What codes give on paper.
    func values(of codes: NeuronCodes) -> NeuronTargets {
        func value(_ code: UInt16, _ range: ParameterRange) -> Double {
            range.value(ofCode: code, highest: highestCode)
        }
        return NeuronTargets(
            leak: value(codes.leak, potential), reset: value(codes.reset, potential),
            threshold: value(codes.threshold, threshold), tauMem: value(codes.tauMem, tauMem),
            tauSynExcitatory: value(codes.tauSynExcitatory, tauSyn),
            tauSynInhibitory: value(codes.tauSynInhibitory, tauSyn),
            refractory: value(codes.refractory, refractory),
            synapticGain: value(codes.synapticGain, synapticGain))
    }
}
