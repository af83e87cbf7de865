import CChipKernels

/// The two synapses of a signed weight, one for each sign, as they are on one chip.
///
/// The synapse of the code's sign has the weight `gain |c| (1 + bow (|c| / limit - 1/2))`, the other is at zero. One
/// that is stuck acts whatever the code is; the kernel gets the difference of the two, which is exact where both
/// synaptic time constants are the same.
struct SynapsePair {
    /// One synapse.
    struct Synapse {
        /// Of the synapse and the driver of its row.
        var gain: Double
        /// Of its DAC.
        var bow: Double
        /// The weight that it is stuck at, in codes, if it is.
        var stuck: Double?
    }

    /// For positive codes.
    var positive: Synapse
    /// For negative codes.
    var negative: Synapse

    /// Gains, bows and what is fixed, for `chip_row`.
    func kernelTerms(limit: Double) -> (
        positive: Float, negative: Float, positiveBow: Float, negativeBow: Float, fixed: Float
    ) {
        let (up, down) = (positive.terms(limit), negative.terms(limit))
        return (
            Float(up.gain), Float(down.gain), Float(up.bow), Float(down.bow),
            Float(up.fixed - down.fixed)
        )
    }
}

extension SynapsePair.Synapse {
    /// The weight `|c| (gain + bow |c|) + fixed`.
    fileprivate func terms(_ limit: Double) -> (gain: Double, bow: Double, fixed: Double) {
        if let stuck { return (0, 0, gain * stuck * (1 + bow * (stuck / limit - 0.5))) }
        return (gain * (1 - bow / 2), gain * bow / limit, 0)
    }
}

extension SynapsePair.Synapse {
    /// The synapse of a circuit and row; each half of the circuits has row drivers of its own.
    init(circuit: Int, row: Int, profile: ChipProfile, serial: UInt64) {
        let spread = profile.mismatch
        func draw(_ purpose: KeyedDraw.Purpose, unit: Int) -> KeyedDraw {
            KeyedDraw(serial: serial, purpose, UInt64(unit), UInt64(row))
        }
        var gain = 1.0
        if spread.synapse > 0 {
            var numbers = draw(.synapse, unit: circuit)
            gain *= max(0, 1 + spread.synapse * numbers.normal())
        }
        if spread.rowDriver > 0 {
            let array = circuit / max(1, profile.geometry.neuronCircuits / 2)
            var numbers = draw(.rowDriver, unit: array)
            gain *= max(0, 1 + spread.rowDriver * numbers.normal())
        }
        var bow = 0.0
        if spread.synapseBow > 0 {
            var numbers = draw(.synapseBow, unit: circuit)
            bow = spread.synapseBow * numbers.normal()
        }
        func happens(_ purpose: KeyedDraw.Purpose, _ probability: Double) -> Bool {
            if probability == 0 { return false }
            var numbers = draw(purpose, unit: circuit)
            return numbers.chance() < probability
        }
        var stuck: Double?
        if happens(.stuckAtFull, profile.defects.stuckAtFull) {
            stuck = Double(profile.geometry.weightLimit)
        }
        if happens(.stuckAtZero, profile.defects.stuckAtZero) { stuck = 0 }
        self.init(gain: gain, bow: bow, stuck: stuck)
    }
}
