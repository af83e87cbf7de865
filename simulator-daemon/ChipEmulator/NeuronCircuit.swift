package import Substrate

/// A logical neuron as it is on one chip: its targets as the chip's codes give them, and its circuit's deviations.
package struct NeuronCircuit {
    /// The circuit that holds the parameters and the CADC column.
    package var number: Int
    /// Leak potential, in CADC LSB.
    package var leak: Double
    /// Reset potential, in CADC LSB.
    package var reset: Double
    /// Threshold, in CADC LSB.
    package var threshold: Double
    /// Nominal threshold - leak, in CADC LSB.
    package var swing: Double
    /// Membrane time constant, in microseconds.
    package var tauMem: Double
    /// Excitatory time constant, in microseconds.
    package var tauSynExcitatory: Double
    /// Inhibitory time constant, in microseconds.
    package var tauSynInhibitory: Double
    /// Refractory time, in microseconds.
    package var refractory: Double
    /// CADC LSB per weight code.
    package var synapticGain: Double
    /// CADC offset of the column, in LSB.
    package var converterOffset: Double
    /// CADC gain of the column.
    package var converterGain: Double
    /// How much too early the column samples, in nanoseconds.
    package var converterSkew: Double
    /// Whether the membrane stays at the leak.
    package var isDead: Bool
    /// Whether the comparator is off.
    package var isSilent: Bool
    /// Whether a comparator that is on finds the leak above its threshold.
    package var isFiring: Bool

    /// A circuit with codes written to it. Fixed deviations come from the serial and the circuit's number, those of
    /// writing from the codes and the noise seed too.
    ///
    /// - Parameter codes: `nil` for those that give the targets on paper.
    package init(
        _ targets: NeuronTargets, codes: NeuronCodes?, circuit: Int, profile: ChipProfile,
        serial: UInt64, noiseSeed: UInt64 = 0
    ) {
        let spread = profile.mismatch
        func draw(_ purpose: KeyedDraw.Purpose) -> KeyedDraw {
            KeyedDraw(serial: serial, purpose, UInt64(circuit))
        }
        func factor(_ purpose: KeyedDraw.Purpose, _ spread: Double) -> Double {
            var numbers = draw(purpose)
            return numbers.factor(spread: spread)
        }
        func shift(_ purpose: KeyedDraw.Purpose, _ spread: Double) -> Double {
            var numbers = draw(purpose)
            return spread > 0 ? spread * numbers.normal() : 0
        }
        func happens(_ purpose: KeyedDraw.Purpose, _ probability: Double, _ list: [Int]) -> Bool {
            var numbers = draw(purpose)
            return list.contains(circuit) || probability > 0 && numbers.chance() < probability
        }
        let nominal = Self.written(
            targets, codes: codes, circuit: circuit, profile: profile, serial: serial,
            noiseSeed: noiseSeed)
        number = circuit
        // The spread of thresholds is relative to the swing that was asked for, whatever the codes are.
        swing = (targets.threshold - targets.leak).magnitude
        leak = nominal.leak + shift(.leak, spread.leak)
        reset = nominal.reset + shift(.reset, spread.reset)
        let raised = spread.thresholdOffset + shift(.threshold, spread.threshold)
        threshold = nominal.threshold + raised * swing
        tauMem = nominal.tauMem * factor(.tauMem, spread.tauMem)
        tauSynExcitatory = nominal.tauSynExcitatory * factor(.tauSynExcitatory, spread.tauSyn)
        tauSynInhibitory = nominal.tauSynInhibitory * factor(.tauSynInhibitory, spread.tauSyn)
        refractory = nominal.refractory
        synapticGain = nominal.synapticGain * factor(.synapticGain, spread.synapticGain)
        converterOffset =
            shift(.converterOffset, profile.converter.offset) - Double(codes?.cadcOffset ?? 0)
        converterGain = 1 + shift(.converterGain, profile.converter.gain)
        var column = draw(.converterSkew)
        converterSkew = profile.converter.skew > 0 ? profile.converter.skew * column.chance() : 0
        let defects = profile.defects
        isDead = happens(.dead, defects.dead, defects.deadCircuits)
        isSilent = happens(.silent, defects.silent, defects.silentCircuits)
        isFiring = happens(.firing, defects.firing, defects.firingCircuits)
    }

    /// What codes give on paper, and the errors with which they are written. The refractory time is a digital count
    /// and has none.
    private static func written(
        _ targets: NeuronTargets, codes: NeuronCodes?, circuit: Int, profile: ChipProfile,
        serial: UInt64, noiseSeed: UInt64
    ) -> NeuronTargets {
        var values = targets
        var codes = codes
        if profile.parameters.bits > 0 {
            codes = codes ?? profile.parameters.codes(for: targets)
            values = codes.map(profile.parameters.values) ?? targets
        }
        let errors = profile.programming
        func draw(
            _ purpose: KeyedDraw.Purpose, _ value: Double, _ code: UInt16?
        ) -> KeyedDraw {
            KeyedDraw(
                serial: serial, purpose, UInt64(circuit), code.map(UInt64.init) ?? value.bitPattern,
                noiseSeed)
        }
        if errors.potential > 0 {
            func add(_ purpose: KeyedDraw.Purpose, _ value: inout Double, _ code: UInt16?) {
                var numbers = draw(purpose, value, code)
                value += errors.potential * numbers.normal()
            }
            add(.writtenLeak, &values.leak, codes?.leak)
            add(.writtenReset, &values.reset, codes?.reset)
            add(.writtenThreshold, &values.threshold, codes?.threshold)
        }
        if errors.relative > 0 {
            func scale(_ purpose: KeyedDraw.Purpose, _ value: inout Double, _ code: UInt16?) {
                var numbers = draw(purpose, value, code)
                value *= numbers.factor(spread: errors.relative)
            }
            scale(.writtenTauMem, &values.tauMem, codes?.tauMem)
            scale(.writtenTauSynExcitatory, &values.tauSynExcitatory, codes?.tauSynExcitatory)
            scale(.writtenTauSynInhibitory, &values.tauSynInhibitory, codes?.tauSynInhibitory)
            scale(.writtenSynapticGain, &values.synapticGain, codes?.synapticGain)
        }
        return values
    }

    /// The circuit as it is in one batch.
    package func shifted(by shift: CircuitShift) -> NeuronCircuit {
        var circuit = self
        circuit.leak += shift.leak
        circuit.threshold += shift.threshold * swing
        circuit.tauMem *= shift.tauMem
        circuit.tauSynExcitatory *= shift.tauSynExcitatory
        circuit.tauSynInhibitory *= shift.tauSynInhibitory
        circuit.synapticGain *= shift.synapticGain
        return circuit
    }
}
