public import Substrate

extension ChipProfile {
    /// A chip after BrainScaleS-2 as it comes from the factory: its neurons are what they are until a host has found
    /// the codes that make them alike.
    ///
    /// - Fixed spreads: own statistics of calibrations that users of the chip published, whose codes spread as much as
    ///   what they make up for (tau_syn 20-25 %, tau_mem 11-14 %, gain 10-24 %, threshold 8 %, leak 60 mV, CADC offset
    ///   10 LSB).
    /// - Threshold by trial 1.5 %, spike times 0.01 tau: the noise model of Goeltz et al. 2021.
    /// - Membrane 1.0 LSB and converter 0.6 LSB: with the rounding (1/sqrt 12) a reading at rest spreads by 1.20 LSB,
    ///   the aim of calix, the chip's calibration library.
    /// - Reset gap 1.8 us, trace rate 151 MB/s, 300 mW in all: Cramer et al. 2022.
    /// - Own estimates: reset, synapse, DAC bow, row driver and converter gain spreads; errors of writing; changes by
    ///   batch; skew; the split of the converter's noise; rails; gain range; buffers, buses and links; on-chip delay;
    ///   weight rate; run overhead; the split of energy. The converter's gain spreads by 1 %, so that columns whose
    ///   offsets are taken off stay within the 3 LSB of calix over its range.
    public static let standard = ChipProfile(
        name: "bss2", geometry: .brainScaleS2, parameters: .brainScaleS2, integration: .standard,
        mismatch: Mismatch(
            tauMem: 0.12, tauSyn: 0.22, threshold: 0.08, synapticGain: 0.17, leak: 12.8,
            reset: 12.8, synapse: 0.05, synapseBow: 0.02, rowDriver: 0.03),
        programming: .standard, noise: .standard, batchJitter: .standard,
        converter: Converter(offset: 10, gain: 0.01, noise: 0.6, skew: 20), rails: .standard,
        events: .standard, timing: .standard, energy: .standard)

    /// The same kind of chip as it is after a calibration that the host has nothing to do with: the *calibrated
    /// spread*, with all temporal noise.
    ///
    /// - Time constants, threshold and converter: upper bounds of the regression tests of calix (tau_mem 6 %, tau_syn
    ///   5 %, CADC below 3 LSB), and the noise model of Goeltz et al. 2021 (threshold 3 %).
    /// - CADC offset 2.5 LSB: with 2 % gain error at a leak of 80 LSB the columns spread by 2.97 LSB, inside the bound.
    /// - Own estimates: synaptic gain, leak and reset, and those of `standard`.
    public static let calibrated: ChipProfile = {
        var profile = standard
        profile.name = "bss2-calibrated"
        profile.parameters.isCalibratedByHost = false
        profile.mismatch = Mismatch(
            tauMem: 0.06, tauSyn: 0.05, threshold: 0.03, synapticGain: 0.05, leak: 1.5, reset: 1.5,
            synapse: 0.05, synapseBow: 0.02, rowDriver: 0.03)
        profile.converter.offset = 2.5
        profile.converter.gain = 0.02
        return profile
    }()

    /// The same chip with every deviation off: it differs from the equations by its integration step only.
    ///
    /// Its converter still rounds to codes and clips, for a code is a byte on the wire.
    public static let ideal = ChipProfile(
        name: "ideal", geometry: .brainScaleS2, parameters: .unlimited, integration: .standard,
        events: EventPaths(
            inputLink: .init(rate: 0, depth: 0), driverBus: .init(rate: 0, depth: 0),
            driverBuses: 1, arbiter: .init(rate: 0, depth: 0), quadrants: 1,
            outputLink: .init(rate: 0, depth: 0), onChipDelay: 0.2),
        timing: .standard, energy: .standard)

    /// The profiles that have a name.
    public static let catalog = [standard, calibrated, ideal]

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
        bits: 10, isCalibratedByHost: true)

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

extension ChipProfile.Programming {
    /// A third of the spread that a calibration leaves, and less. Own estimates.
    static let standard = Self(potential: 0.3, relative: 0.003)
}

extension ChipProfile.Noise {
    /// What `ChipProfile.standard` says of its temporal noise.
    static let standard = Self(membrane: 1, threshold: 0.015, spikeTime: 60)
}

extension ChipProfile.BatchJitter {
    /// Small against the noise of a trial, and potentials alone. Own estimates.
    static let standard = Self(threshold: 0.003, leak: 0.2)
}

extension ChipProfile.Rails {
    /// Far outside the range that the converter sees. Own estimate.
    static let standard = Self(lower: -100, upper: 400)
}

extension ChipProfile.EventPaths {
    /// Driver rate of BrainScaleS-2; buffers, links and delay are own estimates.
    static let standard = Self(
        inputLink: .init(rate: 250, depth: 1_024), driverBus: .init(rate: 125, depth: 64),
        driverBuses: 4, arbiter: .init(rate: 125, depth: 64), quadrants: 4,
        outputLink: .init(rate: 250, depth: 4_096), onChipDelay: 0.2)
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
