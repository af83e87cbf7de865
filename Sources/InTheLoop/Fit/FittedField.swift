/// A field of a chip profile that can be fitted to a device.
public enum FittedField: String, Sendable, Hashable, Codable, CaseIterable {
    /// Spread of membrane time constants.
    case tauMem = "mismatch.tau_mem_percent"
    /// Spread of synaptic time constants.
    case tauSyn = "mismatch.tau_syn_percent"
    /// Spread of thresholds.
    case threshold = "mismatch.threshold_percent"
    /// Shift of all thresholds.
    case thresholdOffset = "mismatch.threshold_offset_percent"
    /// Spread of synaptic gains.
    case synapticGain = "mismatch.synaptic_gain_percent"
    /// Spread of leak potentials.
    case leak = "mismatch.leak_lsb"
    /// Spread of reset potentials.
    case reset = "mismatch.reset_lsb"
    /// Spread of single synapses.
    case synapse = "mismatch.synapse_percent"
    /// Spread of the bow of the synapses' converters.
    case synapseBow = "mismatch.synapse_bow_percent"
    /// Spread of row drivers.
    case rowDriver = "mismatch.row_driver_percent"
    /// Error of writing a potential.
    case programming = "programming.potential_lsb"
    /// Noise of membranes.
    case membraneNoise = "noise.membrane_lsb"
    /// Correlation time of the current that makes this noise.
    case correlationTime = "noise.correlation_time_us"
    /// Thresholds from trial to trial.
    case thresholdNoise = "noise.threshold_percent"
    /// Recorded times of spikes.
    case spikeTime = "noise.spike_time_ns"
    /// Thresholds from batch to batch.
    case batchThreshold = "batch_jitter.threshold_percent"
    /// Leak potentials from batch to batch.
    case batchLeak = "batch_jitter.leak_lsb"
    /// Spread of the CADC's offsets.
    case converterOffset = "converter.offset_lsb"
    /// Spread of the CADC's gains.
    case converterGain = "converter.gain_percent"
    /// Noise of CADC samples.
    case converterNoise = "converter.noise_lsb"

    /// The section of the profile's file.
    public var section: String { String(rawValue.prefix { $0 != "." }) }

    /// The name within the section.
    public var key: String { String(rawValue.drop { $0 != "." }.dropFirst()) }

    /// The unit, as the file's names have it.
    public var unit: String {
        if key.hasSuffix("_percent") { return "%" }
        if key.hasSuffix("_us") { return "us" }
        return key.hasSuffix("_ns") ? "ns" : "LSB"
    }

    /// Values in this unit make one of the model: 100 for per cent.
    var scale: Double { unit == "%" ? 100 : 1 }

    /// What is counted in the sample size.
    public var counted: String {
        switch self {
        case .converterOffset, .converterGain, .converterNoise: "columns"
        case .synapse, .synapseBow: "synapses"
        case .rowDriver: "row drivers"
        default: "circuits"
        }
    }

    /// How it is measured, for people.
    public var method: String {
        switch self {
        case .tauMem: "relaxation of neurons that fire by themselves"
        case .tauSyn: "postsynaptic potentials, excitatory and inhibitory"
        case .threshold: "inter-spike intervals of neurons that fire by themselves; of (threshold - leak)"
        case .thresholdOffset: "mean of the same thresholds; of (threshold - leak)"
        case .synapticGain: "area of postsynaptic potentials, less the share of single synapses"
        case .leak: "membranes at rest"
        case .reset: "membranes in the refractory time"
        case .synapse: "postsynaptic potentials of single synapses, less circuit and row"
        case .synapseBow: "the same at a high and a low weight code"
        case .rowDriver: "mean of the same over half of the circuits"
        case .programming: "membranes at rest, written anew"
        case .membraneNoise: "autocovariance of membranes at rest"
        case .correlationTime: "shape of the same, given tau_mem"
        case .thresholdNoise: "covariance of early and late inter-spike intervals of an entry; of (threshold - leak)"
        case .spikeTime: "covariance of neighbouring inter-spike intervals"
        case .batchThreshold: "the same thresholds in another batch; of (threshold - leak)"
        case .batchLeak: "membranes at rest in several batches"
        case .converterOffset: "readings of common voltages, extrapolated to zero"
        case .converterGain: "slope of readings of common voltages"
        case .converterNoise: "readings of a common voltage, less the rounding"
        }
    }

    /// What the equations of the measurement may be wrong by, relative to the value (own estimates, from emulated chips
    /// whose truth is known); zero where other errors are far larger.
    var modelError: Double {
        switch self {
        case .membraneNoise, .converterNoise: 0.005
        case .thresholdNoise, .spikeTime: 0.015
        case .correlationTime: 0.05
        default: 0
        }
    }

    /// The least value that is told from zero, in the field's unit: rounding to codes and the equations that the
    /// measurements use leave less (own estimates, from chips without deviations).
    public var resolution: Double {
        switch self {
        case .leak, .reset: 0.2
        case .converterOffset, .converterNoise: 0.1
        case .converterGain: 0.1
        case .membraneNoise: 0.1
        case .programming, .batchLeak: 0.05
        case .tauMem, .tauSyn, .synapticGain: 0.6
        case .threshold, .thresholdOffset: 0.5
        case .thresholdNoise: 0.2
        case .batchThreshold: 0.1
        case .synapse, .synapseBow, .rowDriver: 0.5
        case .correlationTime: 0.2
        case .spikeTime: 8
        }
    }
}
