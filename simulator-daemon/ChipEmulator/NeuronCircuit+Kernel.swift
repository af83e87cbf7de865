import CChipKernels
import Substrate

extension NeuronCircuit {
    /// The neuron in the kernel's terms, for steps of `step` microseconds.
    ///
    /// With `x = h / tau_m`, `y = h / tau_s`: a current of one at the start of a step moves the membrane at its end by
    /// `R tau_s / (tau_m - tau_s) (exp(-x) - exp(-y)) = R x exp(-y) (exp(y - x) - 1) / (y - x)`.
    ///
    /// The noise current `n` has variance 1 and memory `a` of a step, the membrane `b = exp(-x)`. Then
    /// `V' = b V + s n` has the variance `s^2 (1 + a b) / ((1 - b^2) (1 - a b))` at rest, which sets `s`.
    func kernelNeuron(
        step: Double, kind: ChipConfiguration.Population.Kind, profile: ChipProfile, quadrant: Int
    ) -> chip_neuron {
        func decay(_ tau: Double) -> Double {
            ElementaryFunctions.exp(-step / tau)
        }
        func gain(_ tau: Double) -> Float {
            let x = step / tauMem
            let y = step / tau
            let ratio = ElementaryFunctions.expMinusOneOverX(y - x)
            return Float(synapticGain * x * decay(tau) * ratio)
        }
        let membrane = decay(tauMem)
        let both = profile.noise.memory(step: step) * membrane
        let share = ((1 - membrane * membrane) * (1 - both) / (1 + both)).squareRoot()
        return chip_neuron(
            decay_e: Float(decay(tauSynExcitatory)),
            decay_i: Float(decay(tauSynInhibitory)), decay_v: Float(membrane),
            gain_e: gain(tauSynExcitatory), gain_i: gain(tauSynInhibitory),
            drive_e: Float(synapticGain * step / tauMem),
            drive_i: Float(synapticGain * step / tauMem),
            fall_e: Float(step / tauSynExcitatory), fall_i: Float(step / tauSynInhibitory),
            fall_v: Float(step / tauMem),
            potentials: kernelPotentials(kind: kind, profile: profile),
            threshold_noise: kind == .spiking ? Float(profile.noise.threshold * swing) : 0,
            refractory: Float(refractory / step), noise: Float(profile.noise.membrane * share),
            code_gain: Float(converterGain), skew: Float(min(1, converterSkew / 1_000 / step)),
            circuit: UInt32(number), quadrant: UInt32(quadrant))
    }

    /// The neuron's potentials in the kernel's terms.
    ///
    /// Rails that meet at the leak hold a dead membrane there.
    func kernelPotentials(
        kind: ChipConfiguration.Population.Kind, profile: ChipProfile
    ) -> chip_potentials {
        let compares = kind == .spiking && !isSilent && !isDead
        let leak = isFiring && compares ? threshold + swing : leak
        let rails = isDead ? ChipProfile.Rails(lower: leak, upper: leak) : profile.rails
        return chip_potentials(
            threshold: compares ? Float(threshold - leak) : .infinity, reset: Float(reset - leak),
            lower: rails.map { Float($0.lower - leak) } ?? -.infinity,
            upper: rails.map { Float($0.upper - leak) } ?? .infinity, leak: Float(leak),
            code_offset: Float(converterGain * leak + converterOffset))
    }
}

extension ChipProfile.Noise {
    /// Share of the noise current that is left after a step of `step` microseconds.
    func memory(step: Double) -> Double {
        correlationTime > 0 ? ElementaryFunctions.exp(-step / correlationTime) : 0
    }
}
