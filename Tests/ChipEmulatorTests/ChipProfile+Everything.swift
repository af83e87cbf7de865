import ChipEmulator

extension ChipProfile {
    /// A chip with every effect on, strongly.
    static let everything: ChipProfile = {
        var profile = ChipProfile.standard
        profile.mismatch.thresholdOffset = 0.05
        profile.defects.dead = 0.03
        profile.defects.silent = 0.03
        profile.defects.firing = 0.01
        profile.defects.stuckAtZero = 0.05
        profile.defects.stuckAtFull = 0.01
        profile.programming.weight = 0.3
        profile.noise.correlationTime = 2
        profile.batchJitter.tauMem = 0.01
        profile.batchJitter.tauSyn = 0.01
        profile.batchJitter.synapticGain = 0.01
        profile.drift.leak = 1
        profile.drift.threshold = 0.02
        profile.drift.tauMem = 0.02
        profile.drift.tauSyn = 0.02
        profile.drift.synapticGain = 0.02
        profile.temperature.celsius = 30
        profile.temperature.swing = 2
        profile.temperature.leak = 0.2
        profile.temperature.tau = 0.003
        profile.temperature.threshold = 0.001
        profile.temperature.synapticGain = 0.002
        profile.temperature.spread = 0.3
        profile.crosstalk.neighbour = 1
        profile.crosstalk.droop = 0.2
        profile.timing.batchPeriod = 10
        return profile
    }()
}
