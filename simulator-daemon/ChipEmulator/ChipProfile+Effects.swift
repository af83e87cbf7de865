extension ChipProfile {
    /// The deviations that are on, each with its scale and unit, for people.
    public var effects: [String] {
        var list: [String] = []
        func percent(_ scale: Double, _ name: String) {
            if scale > 0 { list.append("\(name) \(Self.text(100 * scale)) %") }
        }
        func absolute(_ scale: Double, _ unit: String, _ name: String) {
            if scale > 0 { list.append("\(name) \(Self.text(scale)) \(unit)") }
        }
        percent(mismatch.tauMem, "fixed: membrane time constant")
        percent(mismatch.tauSyn, "fixed: synaptic time constants")
        percent(mismatch.threshold, "fixed: threshold - leak")
        percent(mismatch.synapticGain, "fixed: synaptic gain")
        absolute(mismatch.leak, "LSB", "fixed: leak")
        absolute(mismatch.reset, "LSB", "fixed: reset")
        percent(mismatch.synapse, "fixed: synapse")
        percent(mismatch.rowDriver, "fixed: row driver")
        if parameters.bits > 0 { list.append("codes: neuron parameters \(parameters.bits) bit") }
        absolute(noise.membrane, "LSB", "noise: membrane")
        percent(noise.threshold, "noise: threshold - leak")
        absolute(noise.spikeTime, "ns", "noise: spike time")
        absolute(converter.offset, "LSB", "CADC: offset")
        percent(converter.gain, "CADC: gain")
        absolute(converter.noise, "LSB", "CADC: noise")
        if let rails {
            let range = "\(Self.text(rails.lower))...\(Self.text(rails.upper))"
            list.append("rails: membranes within \(range) LSB")
        }
        serve(events.inputLink, "events: input link", &list)
        serve(events.driverBus, "events: \(events.driverBuses) driver buses", &list)
        serve(events.arbiter, "events: \(events.quadrants) arbiters", &list)
        serve(events.outputLink, "events: output link", &list)
        return list
    }

    private func serve(_ server: EventPaths.Server, _ name: String, _ list: inout [String]) {
        guard server.rate > 0 else { return }
        list.append("\(name) \(Self.text(server.rate)) M events/s, buffer \(server.depth)")
    }

    /// A number with at most three decimals.
    private static func text(_ value: Double) -> String {
        let rounded = (value * 1_000).rounded() / 1_000
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}
