import CChipKernels
package import Substrate

/// A logical neuron as it is on one chip: its targets as the chip's codes give them, and its circuit's deviations.
package struct NeuronCircuit {
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

    /// A circuit with codes written to it; fixed deviations come from the serial and the circuit's number.
    ///
    /// - Parameter codes: `nil` for those that give the targets on paper.
    package init(
        _ targets: NeuronTargets, codes: NeuronCodes?, circuit: Int, profile: ChipProfile,
        serial: UInt64
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
        var nominal = targets
        if profile.parameters.bits > 0 {
            nominal = profile.parameters.values(
                of: codes ?? profile.parameters.codes(for: targets))
        }
        // The spread of thresholds is relative to the swing that was asked for, whatever the codes are.
        swing = (targets.threshold - targets.leak).magnitude
        leak = nominal.leak + shift(.leak, spread.leak)
        reset = nominal.reset + shift(.reset, spread.reset)
        threshold = nominal.threshold + shift(.threshold, spread.threshold) * swing
        tauMem = nominal.tauMem * factor(.tauMem, spread.tauMem)
        tauSynExcitatory = nominal.tauSynExcitatory * factor(.tauSynExcitatory, spread.tauSyn)
        tauSynInhibitory = nominal.tauSynInhibitory * factor(.tauSynInhibitory, spread.tauSyn)
        refractory = nominal.refractory
        synapticGain = nominal.synapticGain * factor(.synapticGain, spread.synapticGain)
        converterOffset =
            shift(.converterOffset, profile.converter.offset) - Double(codes?.cadcOffset ?? 0)
        converterGain = 1 + shift(.converterGain, profile.converter.gain)
    }

    /// The neuron in the kernel's terms, for steps of `step` microseconds.
    ///
    /// With `x = h / tau_m`, `y = h / tau_s`: a current of one at the start of a step moves the membrane at its end by
    /// `R tau_s / (tau_m - tau_s) (exp(-x) - exp(-y)) = R x exp(-y) (exp(y - x) - 1) / (y - x)`.
    func kernelNeuron(
        step: Double, kind: ChipConfiguration.Population.Kind, profile: ChipProfile, quadrant: Int
    ) -> chip_neuron {
        func decay(_ tau: Double, _ time: Double) -> Double {
            ElementaryFunctions.exp(-time / tau)
        }
        func gain(_ tau: Double, _ time: Double) -> Float {
            let x = time / tauMem
            let y = time / tau
            let ratio = ElementaryFunctions.expMinusOneOverX(y - x)
            return Float(synapticGain * x * decay(tau, time) * ratio)
        }
        let membrane = decay(tauMem, step)
        let spikes = kind == .spiking
        return chip_neuron(
            decay_e: Float(decay(tauSynExcitatory, step)),
            decay_i: Float(decay(tauSynInhibitory, step)), decay_v: Float(membrane),
            gain_e: gain(tauSynExcitatory, step), gain_i: gain(tauSynInhibitory, step),
            bend_e: Float(step / tauSynExcitatory / 2), bend_i: Float(step / tauSynInhibitory / 2),
            bow_e: Float((step / tauMem + step / tauSynExcitatory) / 2),
            bow_i: Float((step / tauMem + step / tauSynInhibitory) / 2),
            half_v: Float(decay(tauMem, step / 2)), half_e: gain(tauSynExcitatory, step / 2),
            half_i: gain(tauSynInhibitory, step / 2),
            threshold: spikes ? Float(threshold - leak) : .infinity,
            threshold_noise: spikes ? Float(profile.noise.threshold * swing) : 0,
            reset: Float(reset - leak), refractory: Float(refractory / step),
            noise: Float(profile.noise.membrane * (1 - membrane * membrane).squareRoot()),
            lower: profile.rails.map { Float($0.lower - leak) } ?? -.infinity,
            upper: profile.rails.map { Float($0.upper - leak) } ?? .infinity,
            code_gain: Float(converterGain),
            code_offset: Float(converterGain * leak + converterOffset), leak: Float(leak),
            quadrant: UInt32(quadrant))
    }
}
