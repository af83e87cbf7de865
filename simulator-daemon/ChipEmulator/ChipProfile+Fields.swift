import Settings
import Substrate

/// The fields of a profile's file: what the chip has, and how time is resolved. Fallbacks are those of an ideal chip.
extension ChipProfile {
    /// Reads every field.
    init(name: String, reading reader: inout FieldReader) throws(FieldError) {
        let geometry = try ChipGeometry(reading: &reader)
        self.init(
            name: name, geometry: geometry, parameters: try NeuronParameters(reading: &reader),
            integration: try Integration(reading: &reader), mismatch: try Mismatch(reading: &reader),
            defects: try Defects(reading: &reader, circuits: geometry.neuronCircuits),
            programming: try Programming(reading: &reader), noise: try Noise(reading: &reader),
            batchJitter: try BatchJitter(reading: &reader), drift: try Drift(reading: &reader),
            temperature: try Temperature(reading: &reader), crosstalk: try Crosstalk(reading: &reader),
            converter: try Converter(reading: &reader), rails: try Rails.read(&reader),
            events: try EventPaths(reading: &reader, circuits: geometry.neuronCircuits),
            timing: try Timing(reading: &reader), energy: try Energy(reading: &reader))
        guard timing.traceColumns <= geometry.traceMemoryBytes else {
            throw reader.fail(
                "timing.trace_columns",
                "one sample of \(timing.traceColumns) columns does not fit the trace memory of "
                    + "\(geometry.traceMemoryBytes) bytes (geometry.trace_memory_bytes)")
        }
    }
}

extension FieldReader {
    /// A fraction, which the file states in per cent.
    mutating func percent(
        _ path: String, in limits: ClosedRange<Double> = 0...100, _ meaning: String
    ) throws(FieldError) -> Double {
        try number(path, 0, in: limits, meaning) / 100
    }
}

extension ChipGeometry {
    fileprivate init(reading reader: inout FieldReader) throws(FieldError) {
        let section = "geometry."
        let chip = ChipGeometry.brainScaleS2
        self.init(
            neuronCircuits: try reader.integer(
                section + "neuron_circuits", chip.neuronCircuits, in: 1...16_384,
                "Neuron circuits in all. BrainScaleS-2 has 512."),
            signedInputsPerCircuit: try reader.integer(
                section + "signed_inputs_per_circuit", chip.signedInputsPerCircuit, in: 1...4_096,
                "Signed inputs of a circuit, each with a synapse for either sign; a neuron with more merges circuits."),
            inputChannels: try reader.integer(
                section + "input_channels", chip.inputChannels, in: 1...16_384,
                "Channels for input spikes from outside."),
            weightLimit: try reader.integer(
                section + "weight_limit", chip.weightLimit, in: 1...127,
                "Largest magnitude of a signed weight code: 63 for 6 bits and a sign, 7 for 3 bits and a sign."),
            cadcMaximum: try reader.integer(
                section + "cadc_maximum", chip.cadcMaximum, in: 1...255,
                "Largest code of the CADC, which samples membranes; 255 for 8 bits."),
            minimumSamplePeriod: try reader.integer(
                section + "minimum_sample_period_ticks", chip.minimumSamplePeriod,
                in: 1...ChipClock.maximumWindow,
                "Shortest time between CADC samples, in ticks of 8 ns. BrainScaleS-2: 68, that is 0.54 us."),
            traceMemoryBytes: try reader.integer(
                section + "trace_memory_bytes", chip.traceMemoryBytes, in: 1...1_073_741_824,
                "Trace memory of one device run, in bytes, one for each sample and column. BrainScaleS-2: 131072."),
            maximumEventsPerEntry: try reader.integer(
                section + "maximum_events_per_entry", chip.maximumEventsPerEntry, in: 1...65_536,
                "Most input events of one entry (pattern). Own estimate."),
            maximumEntriesPerBatch: try reader.integer(
                section + "maximum_entries_per_batch", chip.maximumEntriesPerBatch, in: 1...16_384,
                "Most entries (patterns) of one batch. Own estimate."))
    }
}

extension NeuronParameters {
    fileprivate init(reading reader: inout FieldReader) throws(FieldError) {
        let bits = try reader.integer(
            "parameters.bits", 0, in: 0...16,
            "Bits of the code of a neuron parameter; 0 for parameters that take any value and have no codes. "
                + "BrainScaleS-2: 10.")
        let isCalibratedByHost = try reader.flag(
            "parameters.calibrated_by_host", false,
            "Whether the chip expects its host to find the codes; otherwise its neurons are what they are.")
        if isCalibratedByHost, bits == 0 {
            throw reader.fail(
                "parameters.calibrated_by_host",
                "a host finds codes, but parameters.bits is 0: there are none")
        }
        let hasCodes = bits > 0
        self.init(
            potential: try ParameterRange(
                reading: &reader, "potential", "lsb", -1_000...1_000, "leak and reset potentials, in CADC LSB",
                hasCodes: hasCodes),
            threshold: try ParameterRange(
                reading: &reader, "threshold", "lsb", -1_000...1_000, "thresholds, in CADC LSB", hasCodes: hasCodes),
            tauMem: try ParameterRange(
                reading: &reader, "tau_mem", "us", 0.05...10_000, "membrane time constants, in us", hasCodes: hasCodes),
            tauSyn: try ParameterRange(
                reading: &reader, "tau_syn", "us", 0.05...10_000, "synaptic time constants, in us", hasCodes: hasCodes),
            refractory: try ParameterRange(
                reading: &reader, "refractory", "us", 0...500, "refractory times, in us", hasCodes: hasCodes),
            synapticGain: try ParameterRange(
                reading: &reader, "synaptic_gain", "lsb_per_code", 0...1_000,
                "synaptic gains, in CADC LSB per weight code", hasCodes: hasCodes),
            bits: bits, isCalibratedByHost: isCalibratedByHost)
    }
}

extension ParameterRange {
    /// A section of `parameters`; `widest` is all that an ideal chip takes.
    fileprivate init(
        reading reader: inout FieldReader, _ name: String, _ unit: String, _ widest: ClosedRange<Double>,
        _ what: String, hasCodes: Bool
    ) throws(FieldError) {
        let section = "parameters.\(name)."
        let allowed = try reader.range(
            section + "allowed_\(unit)", widest, in: widest, "Targets that a user may ask for: \(what).")
        let coded = try reader.range(
            section + "coded_\(unit)", widest, in: widest,
            "Values of code 0 and of the highest code on paper: \(what). Wider than what is allowed, so that a "
                + "calibration has room; without meaning where parameters.bits is 0.")
        let spacing = try reader.choice(
            section + "spacing", Spacing.linear,
            "Whether neighbouring codes differ by the same amount (linear) or by the same factor (logarithmic).")
        if hasCodes {
            guard coded.lowerBound <= allowed.lowerBound, allowed.upperBound <= coded.upperBound else {
                throw reader.fail(
                    section + "coded_\(unit)",
                    "the codes reach \(coded.lowerBound) to \(coded.upperBound), which is less than what is allowed, "
                        + "\(allowed.lowerBound) to \(allowed.upperBound)")
            }
            guard coded.lowerBound < coded.upperBound else {
                throw reader.fail(section + "coded_\(unit)", "all codes have the same value")
            }
            if spacing == .logarithmic, coded.lowerBound <= 0 {
                throw reader.fail(
                    section + "coded_\(unit)",
                    "codes that differ by a factor cannot begin at \(coded.lowerBound); begin above 0")
            }
        }
        self.init(allowed: allowed, coded: coded, spacing: spacing)
    }
}

extension ChipProfile.Integration {
    fileprivate init(reading reader: inout FieldReader) throws(FieldError) {
        self.init(
            stepsPerSample: try reader.integer(
                "integration.steps_per_sample", 5, in: 1...1_000,
                "Steps of the emulator between two CADC samples, at least. It is no property of a chip: more steps cost time and "
                    + "change spike times by less than the chip's jitter."),
            longestStep: try reader.integer(
                "integration.longest_step_ticks", 43, in: 1...ChipClock.maximumWindow,
                "Longest step of the emulator, in ticks of 8 ns; longer sample periods take more steps."),
            resolution: try reader.choice(
                "integration.resolution", Resolution.tick,
                "tick: events act and spikes happen inside steps; step: at their ends, as in clock-driven simulators."))
    }
}
