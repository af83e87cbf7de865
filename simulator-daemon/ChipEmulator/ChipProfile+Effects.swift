extension ChipProfile {
    /// The deviations that are on, each with its scale and unit, for people.
    public var effects: [String] {
        var list = EffectList()
        addFixed(to: &list)
        addTemporal(to: &list)
        addConverterAndPaths(to: &list)
        return list.lines
    }

    private func addFixed(to list: inout EffectList) {
        list.percent(mismatch.tauMem, "fixed: membrane time constant")
        list.percent(mismatch.tauSyn, "fixed: synaptic time constants")
        list.percent(mismatch.threshold, "fixed: threshold - leak")
        list.percent(mismatch.thresholdOffset, "fixed: shift of threshold - leak")
        list.percent(mismatch.synapticGain, "fixed: synaptic gain")
        list.absolute(mismatch.leak, "LSB", "fixed: leak")
        list.absolute(mismatch.reset, "LSB", "fixed: reset")
        list.percent(mismatch.synapse, "fixed: synapse")
        list.percent(mismatch.synapseBow, "fixed: bow of the synapse's DAC")
        list.percent(mismatch.rowDriver, "fixed: row driver")
        if parameters.bits > 0 {
            list.add("codes: neuron parameters \(parameters.bits) bit")
        }
        list.percent(defects.dead, "defects: dead circuits")
        list.percent(defects.silent, "defects: silent circuits")
        list.percent(defects.firing, "defects: always-firing circuits")
        list.circuits(defects.deadCircuits, "defects: dead")
        list.circuits(defects.silentCircuits, "defects: silent")
        list.circuits(defects.firingCircuits, "defects: always firing")
        list.percent(defects.stuckAtZero, "defects: synapses stuck at zero")
        list.percent(defects.stuckAtFull, "defects: synapses stuck at full weight")
    }

    private func addTemporal(to list: inout EffectList) {
        list.absolute(programming.potential, "LSB", "writing: potentials")
        list.percent(programming.relative, "writing: time constants and gain")
        list.absolute(programming.weight, "codes", "writing: weights")
        list.absolute(noise.membrane, "LSB", "noise: membrane")
        if noise.membrane > 0 {
            list.absolute(noise.correlationTime, "us", "noise: correlation time of its current")
        }
        list.percent(noise.threshold, "noise: threshold - leak")
        list.absolute(noise.spikeTime, "ns", "noise: spike time")
        list.percent(batchJitter.threshold, "by batch: threshold - leak")
        list.absolute(batchJitter.leak, "LSB", "by batch: leak")
        list.percent(batchJitter.tauMem, "by batch: membrane time constant")
        list.percent(batchJitter.tauSyn, "by batch: synaptic time constants")
        list.percent(batchJitter.synapticGain, "by batch: synaptic gain")
        list.percent(drift.threshold, "drift: threshold - leak")
        list.absolute(drift.leak, "LSB", "drift: leak")
        list.percent(drift.tauMem, "drift: membrane time constant")
        list.percent(drift.tauSyn, "drift: synaptic time constants")
        list.percent(drift.synapticGain, "drift: synaptic gain")
        list.percent(temperature.threshold, "temperature: threshold - leak", per: "K")
        list.absolute(temperature.leak, "LSB", "temperature: leak", per: "K")
        list.percent(temperature.tau, "temperature: time constants", per: "K")
        list.percent(temperature.synapticGain, "temperature: synaptic gain", per: "K")
        list.absolute(crosstalk.neighbour, "LSB", "crosstalk: neighbours of a spike")
        list.absolute(crosstalk.droop, "LSB", "crosstalk: droop of the block")
    }

    private func addConverterAndPaths(to list: inout EffectList) {
        list.absolute(converter.offset, "LSB", "CADC: offset")
        list.percent(converter.gain, "CADC: gain")
        list.absolute(converter.noise, "LSB", "CADC: noise")
        list.absolute(converter.skew, "ns", "CADC: skew")
        if let rails {
            let (lower, upper) = (EffectList.text(rails.lower), EffectList.text(rails.upper))
            list.add("rails: membranes within \(lower)...\(upper) LSB")
        }
        list.server(events.inputLink, "events: input link")
        list.server(events.driverBus, "events: \(events.driverBuses) driver buses")
        list.server(events.arbiter, "events: \(events.quadrants) arbiters")
        list.server(events.outputLink, "events: output link")
    }
}

/// The lines of a list of effects; what is zero gives none.
private struct EffectList {
    /// The lines so far.
    var lines: [String] = []

    mutating func add(_ line: String) { lines.append(line) }

    mutating func percent(_ scale: Double, _ name: String, per unit: String? = nil) {
        absolute(100 * scale, "%", name, per: unit)
    }

    mutating func absolute(
        _ scale: Double, _ unit: String, _ name: String, per other: String? = nil
    ) {
        guard scale != 0 else { return }
        add("\(name) \(Self.text(scale)) \(unit)\(other.map { "/\($0)" } ?? "")")
    }

    mutating func circuits(_ circuits: [Int], _ name: String) {
        guard !circuits.isEmpty else { return }
        let noun = circuits.count == 1 ? "circuit" : "circuits"
        add("\(name) \(noun) \(circuits.map(String.init).joined(separator: ", "))")
    }

    mutating func server(_ server: ChipProfile.EventPaths.Server, _ name: String) {
        guard server.rate > 0 else { return }
        add("\(name) \(Self.text(server.rate)) M events/s, buffer \(server.depth)")
    }

    /// A number with at most three decimals.
    static func text(_ value: Double) -> String {
        let rounded = (value * 1_000).rounded() / 1_000
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}
