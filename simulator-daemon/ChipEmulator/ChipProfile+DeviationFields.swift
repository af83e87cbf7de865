import Settings

/// The fields of a profile's file that say how the chip deviates from the equations; all are off unless given.
extension ChipProfile.Mismatch {
    init(reading reader: inout FieldReader) throws(FieldError) {
        tauMem = try reader.percent(
            "mismatch.tau_mem_percent",
            "SD of the membrane time constant over circuits, in %. BrainScaleS-2: 11-14 before calibration (own statistics of "
                + "published calibrations), at most 6 after it (calix).")
        tauSyn = try reader.percent(
            "mismatch.tau_syn_percent",
            "SD of each synaptic time constant over circuits, in %. BrainScaleS-2: 20-25 before calibration (own statistics of "
                + "published calibrations), at most 5 after it (calix).")
        threshold = try reader.percent(
            "mismatch.threshold_percent",
            "SD of the threshold over circuits, in % of (threshold - leak). BrainScaleS-2: 8 before calibration (own statistics of "
                + "published calibrations), 3 after it (Goeltz et al. 2021).")
        thresholdOffset = try reader.percent(
            "mismatch.threshold_offset_percent", in: -100...100,
            "Shift of all thresholds alike, in % of (threshold - leak). 5 in the noise model of Goeltz et al. 2021.")
        synapticGain = try reader.percent(
            "mismatch.synaptic_gain_percent",
            "SD of the synaptic gain over circuits, in %. BrainScaleS-2: 10-24 before calibration (own statistics of published "
                + "calibrations); after it own estimate.")
        leak = try reader.number(
            "mismatch.leak_lsb", 0, in: 0...100,
            "SD of the leak potential over circuits, in CADC LSB. BrainScaleS-2: 12.8 (60 mV) before calibration (own statistics of "
                + "published calibrations); after it own estimate.")
        reset = try reader.number(
            "mismatch.reset_lsb", 0, in: 0...100,
            "SD of the reset potential over circuits, in CADC LSB. Own estimate: as the leak.")
        synapse = try reader.percent(
            "mismatch.synapse_percent", "SD of the strength of single synapses, in %. Own estimate.")
        synapseBow = try reader.percent(
            "mismatch.synapse_bow_percent",
            "SD of the bow b of each synapse's converter, in %: a code c acts as c (1 + b (|c| / limit - 1/2)). Own estimate."
        )
        rowDriver = try reader.percent(
            "mismatch.row_driver_percent", "SD of the strength of the driver of each synapse row, in %. Own estimate.")
    }
}

extension ChipProfile.Defects {
    init(reading reader: inout FieldReader, circuits: Int) throws(FieldError) {
        dead = try reader.percent(
            "defects.dead_percent", "Probability that a circuit is dead: its membrane stays at its leak, in %.")
        silent = try reader.percent(
            "defects.silent_percent", "Probability that a circuit never fires: its comparator is off, in %.")
        firing = try reader.percent(
            "defects.firing_percent", "Probability that a circuit always fires: its leak is above its threshold, in %.")
        guard dead + silent + firing <= 1 else {
            throw reader.fail("defects.dead_percent", "dead, silent and firing circuits come to more than 100 %")
        }
        let all = 0...(circuits - 1)
        deadCircuits = try reader.integers(
            "defects.dead_circuits", [], in: all, "Numbers of circuits that are dead besides those drawn.")
        silentCircuits = try reader.integers(
            "defects.silent_circuits", [], in: all, "Numbers of circuits that never fire besides those drawn.")
        firingCircuits = try reader.integers(
            "defects.firing_circuits", [], in: all, "Numbers of circuits that always fire besides those drawn.")
        stuckAtZero = try reader.percent(
            "defects.synapses_stuck_at_zero_percent", "Probability that a synapse does nothing, in %.")
        stuckAtFull = try reader.percent(
            "defects.synapses_stuck_at_full_percent",
            "Probability that a synapse acts with the full weight whatever is written, in %.")
        guard stuckAtZero + stuckAtFull <= 1 else {
            throw reader.fail(
                "defects.synapses_stuck_at_zero_percent", "stuck synapses of both kinds come to more than 100 %")
        }
    }
}

extension ChipProfile.Programming {
    init(reading reader: inout FieldReader) throws(FieldError) {
        potential = try reader.number(
            "programming.potential_lsb", 0, in: 0...100,
            "SD of the error of each writing of a leak, reset or threshold, in CADC LSB. Own estimate.")
        relative = try reader.percent(
            "programming.relative_percent",
            "SD of the error of each writing of a time constant or synaptic gain, in %. Own estimate.")
        weight = try reader.number(
            "programming.weight_codes", 0, in: 0...127,
            "SD of the error of each writing of a weight, in steps of its code; code 0 has none. For memristive synapses; own estimate."
        )
    }
}

extension ChipProfile.Noise {
    init(reading reader: inout FieldReader) throws(FieldError) {
        membrane = try reader.number(
            "noise.membrane_lsb", 0, in: 0...100,
            "SD of a resting membrane (Ornstein-Uhlenbeck noise), in CADC LSB. With the CADC's noise and rounding 1.2 LSB, the aim of "
                + "calix.")
        correlationTime = try reader.number(
            "noise.correlation_time_us", 0, in: 0...10_000,
            "Correlation time of the current that makes this noise, in us; 0 for white. Own estimate.")
        threshold = try reader.percent(
            "noise.threshold_percent",
            "SD of the threshold from trial to trial, in % of (threshold - leak). 1.5 in the noise model of Goeltz et al. 2021."
        )
        spikeTime = try reader.number(
            "noise.spike_time_ns", 0, in: 0...100_000,
            "SD of the recorded time of each spike, in ns. 60, that is 0.01 time constants, after Goeltz et al. 2021.")
    }
}

extension ChipProfile.BatchJitter {
    init(reading reader: inout FieldReader) throws(FieldError) {
        let what = "from batch to batch, by circuit"
        threshold = try reader.percent(
            "batch_jitter.threshold_percent", "SD of the threshold \(what), in % of (threshold - leak). Own estimate.")
        leak = try reader.number(
            "batch_jitter.leak_lsb", 0, in: 0...100, "SD of the leak potential \(what), in CADC LSB. Own estimate.")
        tauMem = try reader.percent(
            "batch_jitter.tau_mem_percent", "SD of the membrane time constant \(what), in %. Own estimate.")
        tauSyn = try reader.percent(
            "batch_jitter.tau_syn_percent", "SD of each synaptic time constant \(what), in %. Own estimate.")
        synapticGain = try reader.percent(
            "batch_jitter.synaptic_gain_percent", "SD of the synaptic gain \(what), in %. Own estimate.")
    }
}

extension ChipProfile.Drift {
    init(reading reader: inout FieldReader) throws(FieldError) {
        let what = "that a 1/f drift since configuration reaches, by circuit"
        leak = try reader.number(
            "drift.leak_lsb", 0, in: 0...100, "SD of the leak potential \(what), in CADC LSB. Own estimate.")
        threshold = try reader.percent(
            "drift.threshold_percent", "SD of the threshold \(what), in % of (threshold - leak). Own estimate.")
        tauMem = try reader.percent(
            "drift.tau_mem_percent", "SD of the membrane time constant \(what), in %. Own estimate.")
        tauSyn = try reader.percent(
            "drift.tau_syn_percent", "SD of each synaptic time constant \(what), in %. Own estimate.")
        synapticGain = try reader.percent(
            "drift.synaptic_gain_percent", "SD of the synaptic gain \(what), in %. Own estimate.")
        shortest = try reader.number(
            "drift.shortest_s", 1, in: 1e-3...1e6, "Shortest time over which anything drifts, in s of chip time.")
        longest = try reader.number(
            "drift.longest_s", 3_600, in: 1e-3...1e7, "Longest time over which anything drifts, in s of chip time.")
        guard shortest <= longest else {
            throw reader.fail(
                "drift.shortest_s", "the shortest time (\(shortest) s) is above drift.longest_s (\(longest) s)")
        }
    }
}

extension ChipProfile.Temperature {
    init(reading reader: inout FieldReader) throws(FieldError) {
        celsius = try reader.number(
            "temperature.mean_celsius", 25, in: -55...150, "Mean temperature of the chip, in degrees Celsius.")
        reference = try reader.number(
            "temperature.reference_celsius", 25, in: -55...150,
            "Temperature at which the coefficients below do nothing, in degrees Celsius.")
        swing = try reader.number(
            "temperature.swing_kelvin", 0, in: 0...100, "Amplitude of a slow sine of the temperature, in K.")
        period = try reader.number(
            "temperature.period_s", 3_600, in: 1e-3...1e7, "Period of this sine, in s of chip time.")
        leak = try reader.number(
            "temperature.leak_lsb_per_kelvin", 0, in: -10...10,
            "Shift of the leak potential, in CADC LSB per K. Own estimate.")
        tau = try reader.percent(
            "temperature.tau_percent_per_kelvin", in: -10...10,
            "Growth of all time constants, in % per K. Own estimate.")
        threshold = try reader.percent(
            "temperature.threshold_percent_per_kelvin", in: -10...10,
            "Shift of the threshold, in % of (threshold - leak) per K. Own estimate.")
        synapticGain = try reader.percent(
            "temperature.synaptic_gain_percent_per_kelvin", in: -10...10,
            "Growth of the synaptic gain, in % per K. Own estimate.")
        spread = try reader.percent(
            "temperature.spread_percent", in: 0...1_000, "SD of these coefficients over circuits, in %. Own estimate.")
    }
}

extension ChipProfile.Crosstalk {
    init(reading reader: inout FieldReader) throws(FieldError) {
        neighbour = try reader.number(
            "crosstalk.neighbour_lsb", 0, in: -100...100,
            "Rise of the membranes of the two neighbouring columns at a spike, in CADC LSB. Own estimate.")
        droop = try reader.number(
            "crosstalk.droop_lsb", 0, in: 0...100,
            "Fall of all membranes in the spike's block of 32 columns, as the supply droops, in CADC LSB. Own estimate."
        )
    }
}
