internal import Substrate

/// Whether neurons of a device can be calibrated to targets.
struct CalibrationTargets {
    private let description: DeviceDescription

    /// The targets of a device.
    init(_ description: DeviceDescription) {
        self.description = description
    }

    /// What can be set.
    ///
    /// - Throws: `invalidRequest` if the device is not calibrated by its host, or cannot have these targets.
    func parameters(for targets: NeuronTargets) throws(DeviceError) -> NeuronParameters {
        let name = "\(description.profile), serial \(description.serial)"
        guard let parameters = description.parameters, parameters.bits > 0 else {
            throw DeviceError(
                .invalidRequest, "\(name): this chip takes targets and has no parameter codes to calibrate",
                remedy: "Use it as it is; `volley chip` says what it is.")
        }
        guard parameters.isCalibratedByHost else {
            throw DeviceError(
                .invalidRequest, "\(name): this chip is calibrated already, its host need not do it",
                remedy: "Use it as it is; `volley chip` says what it is.")
        }
        try check(targets, parameters)
        return parameters
    }

    /// Whether neurons can be set to targets and measured there.
    ///
    /// - Throws: `invalidRequest` if not.
    func check(_ targets: NeuronTargets, _ parameters: NeuronParameters) throws(DeviceError) {
        try check(targets.leak, parameters.potential, "leak", "LSB")
        try check(targets.reset, parameters.potential, "reset", "LSB")
        try check(targets.threshold, parameters.threshold, "threshold", "LSB")
        try check(targets.tauMem, parameters.tauMem, "tau_mem", "µs")
        try check(targets.tauSynExcitatory, parameters.tauSyn, "excitatory tau_syn", "µs")
        try check(targets.tauSynInhibitory, parameters.tauSyn, "inhibitory tau_syn", "µs")
        try check(targets.refractory, parameters.refractory, "refractory time", "µs")
        try check(targets.synapticGain, parameters.synapticGain, "synaptic gain", "LSB per weight code")
        // Neurons are made to fire by a leak above the threshold, which the CADC must still read.
        let highest = Double(description.geometry.cadcMaximum) - FiringMeasurement.readingMargin
        guard targets.threshold - max(targets.leak, targets.reset) >= 20, targets.threshold + 10 <= highest
        else {
            throw DeviceError(
                .invalidRequest,
                "a threshold of \(targets.threshold) LSB with leak \(targets.leak) and reset \(targets.reset) LSB "
                    + "cannot be measured",
                remedy: "It must be 20 LSB or more above leak and reset, and \(highest - 10) LSB at most.")
        }
    }

    private func check(
        _ value: Double, _ range: ParameterRange, _ name: String, _ unit: String
    ) throws(DeviceError) {
        guard range.allowed.contains(value) else {
            throw DeviceError(
                .invalidRequest, "calibration target: \(name) is \(value) \(unit)",
                remedy: "This chip takes \(range.allowed.lowerBound)...\(range.allowed.upperBound) \(unit).")
        }
    }
}
