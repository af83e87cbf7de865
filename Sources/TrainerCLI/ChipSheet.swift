package import Substrate

/// A chip as a sheet for people: who it is, what it has, what it can be set to, how it is, and what is not ideal of it.
package struct ChipSheet {
    private var lines: [String] = []

    /// The sheet of a chip; `health` is `nil` where it did not say.
    package init(_ chip: DeviceDescription, health: DeviceHealth?) {
        let kind =
            switch chip.kind {
            case .emulator: "emulated chip"
            case .board: "chip on a board"
            }
        row("kind", kind)
        row("profile", chip.profile)
        row("serial", "\(chip.serial)")
        row("firmware", chip.firmware)
        row("calibration", chip.calibration)
        add(chip.geometry)
        if let parameters = chip.parameters { add(parameters) }
        if let health { add(health) }
        add(effects: chip.effects)
    }

    /// The text, lines joined.
    package var text: String { lines.joined(separator: "\n") }

    private mutating func row(_ name: String, _ value: String) {
        lines.append(TextFormat.left(name, 13) + value)
    }

    private mutating func detail(_ name: String, _ value: String) {
        lines.append("  " + TextFormat.left(name, 24) + value)
    }

    private mutating func add(_ geometry: ChipGeometry) {
        lines.append("geometry")
        detail(
            "neurons",
            "\(TextFormat.count(geometry.neuronCircuits)) circuits of \(geometry.signedInputsPerCircuit) signed inputs each"
        )
        detail("inputs", "\(TextFormat.count(geometry.inputChannels)) channels")
        detail("weights", "-\(geometry.weightLimit) to \(geometry.weightLimit)")
        let period = ChipClock.microseconds(ticks: geometry.minimumSamplePeriod)
        detail("CADC", "0 to \(geometry.cadcMaximum), a sample each \(TextFormat.decimal(period, 2)) µs or slower")
        lines.append("limits")
        detail("trace memory", "\(TextFormat.count(geometry.traceMemoryBytes)) bytes a device run")
        detail("events", "\(TextFormat.count(geometry.maximumEventsPerEntry)) a pattern")
        detail("patterns", "\(TextFormat.count(geometry.maximumEntriesPerBatch)) a batch")
    }

    private mutating func add(_ parameters: NeuronParameters) {
        let codes = parameters.bits > 0 ? "codes of \(parameters.bits) bits" : "any value, no codes"
        row(
            "parameters",
            codes
                + (parameters.isCalibratedByHost
                    ? "; neurons miss their targets until the host has found the codes (calibration)"
                    : "; nothing for the host to calibrate"))
        let ranges: [(String, ParameterRange, String)] = [
            ("leak, reset", parameters.potential, "LSB"), ("threshold", parameters.threshold, "LSB"),
            ("membrane time constant", parameters.tauMem, "µs"),
            ("synaptic time constants", parameters.tauSyn, "µs"),
            ("refractory time", parameters.refractory, "µs"),
            ("synaptic gain", parameters.synapticGain, "LSB per weight code"),
        ]
        for (name, range, unit) in ranges {
            var value = "\(Self.text(range.allowed)) \(unit)"
            if parameters.bits > 0 {
                let spacing = range.spacing == .linear ? "equal steps" : "equal factors"
                value += ", codes \(Self.text(range.coded)) in \(spacing)"
            }
            detail(name, value)
        }
    }

    private mutating func add(_ health: DeviceHealth) {
        lines.append("health")
        detail("up", TextFormat.clock(health.uptime / .seconds(1)))
        detail(
            "batches",
            "\(TextFormat.count(health.jobsExecuted)) done with \(TextFormat.count(health.entriesExecuted)) patterns, "
                + "\(TextFormat.count(health.jobsFailed)) failed, \(TextFormat.count(health.jobsCancelled)) cancelled, "
                + "\(health.jobsQueued) waiting")
        let accounting = health.accounting
        detail(
            "events",
            "\(TextFormat.count(accounting.offered)) in, \(TextFormat.count(accounting.produced)) out, "
                + "\(TextFormat.count(accounting.dropped)) of them lost")
        detail(
            "chip",
            "\(TextFormat.engineering(health.execution.chipSeconds, "s")) of chip time, "
                + "\(TextFormat.engineering(health.execution.energy, "J"))")
        detail(
            "temperature",
            health.temperature.map { "\(TextFormat.decimal($0, 1)) °C in the last batch" }
                ?? "not measured yet")
        detail(
            "in use by",
            health.holder.map { "\($0.label), for \(TextFormat.clock($0.age / .seconds(1)))" } ?? "nobody")
    }

    /// Effects are worded "group: effect"; a group's name stands at its first line.
    private mutating func add(effects: [String]) {
        row("effects", effects.isEmpty ? "none: an ideal chip" : "that are on; spreads are standard deviations")
        var last = ""
        for effect in effects {
            let parts = effect.split(separator: ":", maxSplits: 1).map { $0.drop { $0 == " " } }
            let group = parts.count == 2 ? String(parts[0]) : ""
            lines.append("  \(TextFormat.left(group == last ? "" : group, 14))\(parts.last ?? "")")
            last = group
        }
    }

    private static func text(_ range: ClosedRange<Double>) -> String {
        "\(text(range.lowerBound)) to \(text(range.upperBound))"
    }

    /// A number with at most three decimals.
    private static func text(_ value: Double) -> String {
        var digits = TextFormat.decimal(value, 3)
        while digits.last == "0" { digits.removeLast() }
        if digits.last == "." { digits.removeLast() }
        return digits
    }
}
