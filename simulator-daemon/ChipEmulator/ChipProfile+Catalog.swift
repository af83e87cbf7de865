public import Substrate

extension ChipProfile {
    /// A chip after BrainScaleS-2 as it is after calibration: the *calibrated spread*, with all temporal noise.
    ///
    /// - Time constants, threshold and converter: upper bounds of the regression tests of calix, the chip's
    ///   calibration library (tau_m 6 %, tau_s 5 %, CADC below 3 LSB), and the noise model of Goeltz et al. 2021
    ///   (threshold 3 % fixed and 1.5 % by trial, spike times 0.01 tau).
    /// - CADC offset 2.5 LSB: with 2 % gain error at a leak of 80 LSB the columns spread by 2.97 LSB, inside the bound.
    /// - Membrane 1.0 LSB and converter 0.6 LSB: with the rounding (1/sqrt 12) a reading at rest spreads by 1.20 LSB,
    ///   the aim of calix.
    /// - Reset gap 1.8 us, trace rate 151 MB/s, 300 mW in all: Cramer et al. 2022.
    /// - Own estimates: synaptic gain, leak, reset, synapse, row driver and converter gain spreads; the split of the
    ///   converter's noise; rails; gain range; buffers, buses and links; on-chip delay; weight rate; run overhead; the
    ///   split of energy.
    public static let standard = ChipProfile(
        name: "bss2", geometry: .brainScaleS2, parameters: .brainScaleS2, integration: .standard,
        mismatch: Mismatch(
            tauMem: 0.06, tauSyn: 0.05, threshold: 0.03, synapticGain: 0.05, leak: 1.5, reset: 1.5,
            synapse: 0.05, rowDriver: 0.03),
        noise: Noise(membrane: 1, threshold: 0.015, spikeTime: 60),
        converter: Converter(offset: 2.5, gain: 0.02, noise: 0.6),
        rails: Rails(lower: -100, upper: 400),
        events: EventPaths(
            inputLink: .init(rate: 250, depth: 1_024), driverBus: .init(rate: 125, depth: 64),
            driverBuses: 4, arbiter: .init(rate: 125, depth: 64), quadrants: 4,
            outputLink: .init(rate: 250, depth: 4_096), onChipDelay: 0.2),
        timing: .standard, energy: .standard)

    /// The same chip with every deviation off: it differs from the equations by its integration step only.
    ///
    /// Its converter still rounds to codes and clips, for a code is a byte on the wire.
    public static let ideal = ChipProfile(
        name: "ideal", geometry: .brainScaleS2, parameters: .unlimited, integration: .standard,
        mismatch: Mismatch(
            tauMem: 0, tauSyn: 0, threshold: 0, synapticGain: 0, leak: 0, reset: 0, synapse: 0,
            rowDriver: 0),
        noise: Noise(membrane: 0, threshold: 0, spikeTime: 0),
        converter: Converter(offset: 0, gain: 0, noise: 0), rails: nil,
        events: EventPaths(
            inputLink: .init(rate: 0, depth: 0), driverBus: .init(rate: 0, depth: 0),
            driverBuses: 1, arbiter: .init(rate: 0, depth: 0), quadrants: 1,
            outputLink: .init(rate: 0, depth: 0), onChipDelay: 0.2),
        timing: .standard, energy: .standard)

    /// The profiles that have a name.
    public static let catalog = [standard, ideal]

    /// The profile of a name, if there is one.
    public static func named(_ name: String) -> ChipProfile? {
        catalog.first { $0.name == name }
    }
}

extension NeuronParameters {
    /// The allowed ranges of calix for BrainScaleS-2, with codes of 10 bits.
    ///
    /// A potential's code is 1.6 V / 1023, a third of an LSB of the CADC. Own estimates: the gain's range, and time
    /// constants and gains in codes of equal factors (0.6 % and 0.7 %).
    public static let brainScaleS2 = Self(
        potential: ParameterRange(allowed: 50...160, coded: 0...341, spacing: .linear),
        threshold: ParameterRange(allowed: 50...220, coded: 0...341, spacing: .linear),
        tauMem: ParameterRange(allowed: 0.5...60, coded: 0.2...150, spacing: .logarithmic),
        tauSyn: ParameterRange(allowed: 0.3...30, coded: 0.1...90, spacing: .logarithmic),
        refractory: ParameterRange(allowed: 0.04...32, coded: 0.04...32, spacing: .logarithmic),
        synapticGain: ParameterRange(allowed: 0.01...10, coded: 0.003...30, spacing: .logarithmic),
        bits: 10, isCalibratedByHost: false)

    /// Wide ranges without codes.
    public static let unlimited = Self(
        potential: ParameterRange(anyOf: -1_000...1_000),
        threshold: ParameterRange(anyOf: -1_000...1_000),
        tauMem: ParameterRange(anyOf: 0.05...10_000), tauSyn: ParameterRange(anyOf: 0.05...10_000),
        refractory: ParameterRange(anyOf: 0...500), synapticGain: ParameterRange(anyOf: 0...1_000),
        bits: 0, isCalibratedByHost: false)
}

extension ParameterRange {
    /// A range that has no codes.
    fileprivate init(anyOf values: ClosedRange<Double>) {
        self.init(allowed: values, coded: values, spacing: .linear)
    }
}

extension ChipProfile.Integration {
    /// Five steps between samples that are 1.7 us apart.
    public static let standard = Self(stepsPerSample: 5, longestStep: 43, resolution: .tick)
}

extension ChipProfile.Timing {
    /// The published times of BrainScaleS-2; weight rate and run overhead are own estimates.
    public static let standard = Self(
        settling: 0.02, weightRate: 125e6, resetGap: 1.8e-6, traceRate: 151e6, traceColumns: 256,
        runOverhead: 20e-6)
}

extension ChipProfile.Energy {
    /// About 300 mW, or 4.3 uJ in 14.3 us, at the reference workload; the split is an own estimate.
    public static let standard = Self(staticPower: 0.28, event: 2e-9, conversion: 2e-11)
}
