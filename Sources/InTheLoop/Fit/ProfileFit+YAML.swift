internal import Foundation
internal import Substrate

extension ProfileFit {
    /// The profile as a file for `volleyd`, each number with its error and how it was measured.
    ///
    /// Deviations that are not significant are written as zero, and fields that were not measured are left to `base`.
    ///
    /// - Parameters:
    ///   - name: the profile's name.
    ///   - base: the profile that it extends, by the name of a shipped one or a path.
    public func yaml(name: String, extending base: String) -> String {
        var lines = head(extending: base)
        let kind = device.kind == .emulator ? "emulated chip" : "chip"
        lines += [
            "name: \(Self.quoted(name))",
            "summary: \(Self.quoted("Fitted to \(kind) \(device.profile), serial \(device.serial), on \(date)."))",
            "extends: \(Self.quoted(base))",
        ]
        lines += geometryLines + parameterLines
        var section = ""
        for number in numbers {
            if number.field.section != section {
                section = number.field.section
                lines.append("\(section):")
            }
            lines.append("  # \(Self.comment(number))")
            lines.append("  \(number.field.key): \(Self.text(number.fitted, digits: 4))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A number with its error and its origin, in words.
    private static func comment(_ number: FittedNumber) -> String {
        let unit = number.field.unit
        let value = "\(text(number.value, digits: 4)) +- \(text(number.standardError, digits: 2)) \(unit)"
        let origin = "\(number.sampleSize) \(number.field.counted): \(number.field.method)"
        guard !number.isResolved else { return "\(value), \(origin)" }
        return "Not told from zero (\(value), at best \(text(number.field.resolution, digits: 2)) \(unit)), \(origin)"
    }

    private func head(extending base: String) -> [String] {
        let targets = [
            "leak \(Self.text(self.targets.leak)), reset \(Self.text(self.targets.reset)), threshold "
                + "\(Self.text(self.targets.threshold)) LSB",
            "tau_mem \(Self.text(self.targets.tauMem)), tau_syn \(Self.text(self.targets.tauSynExcitatory)) and "
                + "\(Self.text(self.targets.tauSynInhibitory)) us",
            "synaptic gain \(Self.text(self.targets.synapticGain)) LSB per code",
        ].joined(separator: ", ")
        var lines = [
            "Fitted by volley \(version) through the protocol, in \(batches) batches and "
                + "\(Self.text(chipSeconds, digits: 3)) s of chip time.",
            "Device: \(device.profile), serial \(device.serial), firmware \(device.firmware), fingerprint \(device.fingerprint).",
            "Targets: \(targets).",
            "Each number: value +- standard error for this kind of chip, sample, how it was measured. Less than "
                + "\(Self.text(FittedNumber.significance)) standard errors",
            "or less than what the measurement resolves is written as 0.",
            "No measurement through the protocol tells, and so \"\(base)\" does: "
                + Self.unmeasurable.joined(separator: ", ") + ".",
        ]
        if !unmeasured.isEmpty {
            lines.append("This device did not allow to measure: \(unmeasured.map(\.rawValue).joined(separator: ", ")).")
        }
        if let temperature { lines.append("Temperature: \(Self.text(temperature, digits: 3)) degrees Celsius.") }
        if circuitsLeftOut > 0 {
            lines.append(
                "Left out, because they could not be measured or are far off: \(circuitsLeftOut) of \(circuits.leak.count) "
                    + "circuits.")
        }
        if let whiteNoise, let converterNoiseWithRounding {
            lines.append(
                "White noise of membranes at rest: \(Self.text(whiteNoise, digits: 3)) LSB; of the CADC with its rounding: "
                    + "\(Self.text(converterNoiseWithRounding, digits: 3)) LSB.")
        }
        lines.append("Means, for which a profile has no fields:")
        lines += means.map {
            "  \($0.name): \(Self.text($0.value, digits: 3)) +- \(Self.text($0.standardError, digits: 2))"
        }
        return lines.map { "# \($0)" }
    }

    private var geometryLines: [String] {
        [
            "geometry:",
            "  neuron_circuits: \(geometry.neuronCircuits)",
            "  signed_inputs_per_circuit: \(geometry.signedInputsPerCircuit)",
            "  input_channels: \(geometry.inputChannels)",
            "  weight_limit: \(geometry.weightLimit)",
            "  cadc_maximum: \(geometry.cadcMaximum)",
            "  minimum_sample_period_ticks: \(geometry.minimumSamplePeriod)",
            "  trace_memory_bytes: \(geometry.traceMemoryBytes)",
            "  maximum_events_per_entry: \(geometry.maximumEventsPerEntry)",
            "  maximum_entries_per_batch: \(geometry.maximumEntriesPerBatch)",
        ]
    }

    private var parameterLines: [String] {
        guard let parameters else { return [] }
        func range(_ name: String, _ unit: String, _ range: ParameterRange) -> String {
            func bounds(_ range: ClosedRange<Double>) -> String { "[\(range.lowerBound), \(range.upperBound)]" }
            return "  \(name): {allowed_\(unit): \(bounds(range.allowed)), coded_\(unit): \(bounds(range.coded)), "
                + "spacing: \(range.spacing.rawValue)}"
        }
        return [
            "parameters:",
            "  bits: \(parameters.bits)",
            "  calibrated_by_host: \(parameters.isCalibratedByHost)",
            range("potential", "lsb", parameters.potential),
            range("threshold", "lsb", parameters.threshold),
            range("tau_mem", "us", parameters.tauMem),
            range("tau_syn", "us", parameters.tauSyn),
            range("refractory", "us", parameters.refractory),
            range("synaptic_gain", "lsb_per_code", parameters.synapticGain),
        ]
    }

    /// A number with so many significant digits, without zeros at the end; the same on every machine.
    private static func text(_ value: Double, digits: Int = 6) -> String {
        guard value != 0, value.isFinite else { return value == 0 ? "0" : "unknown" }
        let text = String(format: "%.\(digits)g", value)
        return Double(text).map { $0 == $0.rounded() && $0.magnitude < 1e6 ? "\(Int($0))" : text } ?? text
    }

    /// Text in double quotes, as YAML and JSON have it.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"", "\\": result += "\\\(character)"
            case _ where character.value < 0x20: result += " "
            default: result.unicodeScalars.append(character)
            }
        }
        return result + "\""
    }
}
