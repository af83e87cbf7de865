import Settings

/// The fields of a profile's file for what is read out, the ways of events, and the costs of a run.
extension ChipProfile.Converter {
    init(reading reader: inout FieldReader) throws(FieldError) {
        offset = try reader.number(
            "converter.offset_lsb", 0, in: 0...100,
            "SD of the CADC's offset over columns, in LSB. BrainScaleS-2: 10 raw (own statistics of published calibrations), below 3 "
                + "calibrated (calix).")
        gain = try reader.percent("converter.gain_percent", "SD of the CADC's gain over columns, in %. Own estimate.")
        noise = try reader.number(
            "converter.noise_lsb", 0, in: 0...100,
            "SD of the CADC's own noise in each sample, in LSB. Own estimate of its part in 1.2 LSB (see noise.membrane_lsb)."
        )
        skew = try reader.number(
            "converter.skew_ns", 0, in: 0...10_000,
            "How much too early a column samples at most, in ns; uniform from 0, by column. Own estimate.")
    }
}

extension ChipProfile.Rails {
    /// The rails; `nil` where membranes are not clipped.
    static func read(_ reader: inout FieldReader) throws(FieldError) -> Self? {
        let clips = try reader.flag("rails.clip", false, "Whether membranes stop at the supply rails.")
        let rails = Self(
            lower: try reader.number(
                "rails.lower_lsb", -100, in: -10_000...10_000, "No membrane goes below, in CADC LSB. Own estimate."),
            upper: try reader.number(
                "rails.upper_lsb", 400, in: -10_000...10_000, "No membrane goes above, in CADC LSB. Own estimate."))
        guard rails.lower < rails.upper else {
            throw reader.fail(
                "rails.lower_lsb",
                "the rails are upside down: \(rails.lower) LSB is not below rails.upper_lsb, \(rails.upper) LSB")
        }
        return clips ? rails : nil
    }
}

extension ChipProfile.EventPaths {
    init(reading reader: inout FieldReader, circuits: Int) throws(FieldError) {
        inputLink = try Server(reading: &reader, "input_link", "The link from the host, which all inputs share")
        driverBus = try Server(
            reading: &reader, "driver_bus", "Each bus of synapse drivers (BrainScaleS-2: 125 events/us)")
        driverBuses = try reader.integer(
            "events.driver_buses", 1, in: 1...1_024,
            "Buses of synapse drivers, to which inputs are dealt in turn. BrainScaleS-2: 4.")
        arbiter = try Server(reading: &reader, "arbiter", "The arbiter of each quadrant of neuron circuits")
        quadrants = try reader.integer(
            "events.quadrants", 1, in: 1...1_024,
            "Quadrants of neuron circuits, with an arbiter each. BrainScaleS-2: 4.")
        guard quadrants <= circuits else {
            throw reader.fail(
                "events.quadrants", "\(quadrants) quadrants for \(circuits) circuits (geometry.neuron_circuits)")
        }
        outputLink = try Server(
            reading: &reader, "output_link", "The link to the host, which all neurons share; it moves no time stamps")
        onChipDelay = try reader.number(
            "events.on_chip_delay_us", 0.2, in: 0...1_000,
            "From a spike to its effect on another neuron, in us; in a recurrent network at least one step. Own estimate."
        )
    }
}

extension ChipProfile.EventPaths.Server {
    fileprivate init(reading reader: inout FieldReader, _ name: String, _ what: String) throws(FieldError) {
        self.init(
            rate: try reader.number(
                "events.\(name).rate_per_us", 0, in: 0...1e6, "\(what): events a us; 0 for no limit."),
            depth: try reader.integer(
                "events.\(name).depth_events", 0, in: 0...16_777_216,
                "Events that can wait there; more are lost and counted. Own estimate."))
    }
}

extension ChipProfile.Timing {
    init(reading reader: inout FieldReader) throws(FieldError) {
        settling =
            try reader.number(
                "timing.settling_ms", 20, in: 0...10_000,
                "Settling of neuron parameters after a change, in ms of chip time. BrainScaleS-2: 20 (calix).") / 1e3
        weightRate =
            try reader.number(
                "timing.weight_rate_per_us", 125, in: 1e-3...1e6, "Weight codes written in a us. Own estimate.") * 1e6
        resetGap =
            try reader.number(
                "timing.reset_gap_us", 4.3, in: 0...1e6,
                "Shortest gap between patterns, in which the chip is reset, in us. BrainScaleS-2: 4.3 in inference as first "
                    + "published (14.3 us a pattern), 1.8 as later published (11.8 us), both with 10 us windows.") / 1e6
        traceRate =
            try reader.number(
                "timing.trace_rate_mb_per_s", 151, in: 1e-3...1e6,
                "Rate of the stream of CADC codes, in MB/s. BrainScaleS-2: 256 columns in 1.7 us, 151 MB/s (Cramer et al. 2022)."
            )
            * 1e6
        traceColumns = try reader.integer(
            "timing.trace_columns", 256, in: 1...65_536,
            "Columns that one CADC sample converts and sends, whatever is asked for. BrainScaleS-2: 256.")
        runOverhead =
            try reader.number(
                "timing.run_overhead_us", 20, in: 0...1e6,
                "Start and end of each device run, in us; a run ends where the trace memory is full. Own estimate.")
            / 1e6
        batchPeriod =
            try reader.number(
                "timing.batch_period_ms", 20, in: 1e-3...1e6,
                "Chip time from one batch of a run to the next, in ms, by which drift and temperature go: batch n is at n periods, "
                    + "whenever it is sent. Own estimate.") / 1e3
    }
}

extension ChipProfile.Energy {
    init(reading reader: inout FieldReader) throws(FieldError) {
        staticPower =
            try reader.number(
                "energy.static_mw", 284, in: 0...1e6,
                "Power of the chip at rest, in mW. Own estimate of its part in 300 mW (inference as first published) or 200 mW (Cramer "
                    + "et al. 2022).") / 1e3
        event =
            try reader.number(
                "energy.event_nj", 2, in: 0...1e6, "Energy of each input event and each spike, in nJ. Own estimate.")
            / 1e9
        conversion =
            try reader.number(
                "energy.conversion_pj", 20, in: 0...1e9,
                "Energy of each conversion of a CADC column, in pJ. Own estimate.") / 1e12
    }
}
