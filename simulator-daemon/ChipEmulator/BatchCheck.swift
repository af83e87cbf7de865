import Substrate

/// Whether a batch fits a chip; every refusal says what, where, how much there is and how much is needed.
struct BatchCheck {
    /// The chip.
    let profile: ChipProfile
    /// What is asked of it.
    let batch: DeviceBatch

    private var geometry: ChipGeometry { profile.geometry }
    private var configuration: ChipConfiguration { batch.configuration }

    /// Throws `invalidRequest` at the first thing that does not fit.
    func run() throws(DeviceError) {
        try ConfigurationCheck(
            profile: profile, configuration: configuration, name: "batch \(batch.id)"
        ).run()
        try checkResources()
        try checkTrace()
        try checkSynapses()
        try checkInputs()
    }

    private func refuse(_ detail: String, _ remedy: String? = nil) -> DeviceError {
        DeviceError(.invalidRequest, "batch \(batch.id): \(detail)", remedy: remedy)
    }

    private func checkResources() throws(DeviceError) {
        let membranes = batch.observables.membranes
        if membranes.lowerBound < 0 || membranes.upperBound > configuration.neuronCount {
            throw refuse(
                "membranes \(membranes) are asked for, the network has "
                    + "\(configuration.neuronCount) neurons")
        }
        let entries = batch.inputs.entryCount
        if entries > geometry.maximumEntriesPerBatch {
            throw refuse(
                "\(entries) entries, the chip takes \(geometry.maximumEntriesPerBatch)",
                "Send smaller batches.")
        }
    }

    private func checkTrace() throws(DeviceError) {
        let samples = configuration.sampleCount
        let columns = profile.timing.traceColumns
        if !batch.observables.membranes.isEmpty, samples * columns > geometry.traceMemoryBytes {
            throw refuse(
                "an entry needs \(samples * columns) bytes of trace memory, the chip has "
                    + "\(geometry.traceMemoryBytes)",
                "Record fewer samples.")
        }
    }

    private func checkSynapses() throws(DeviceError) {
        let codes = batch.synapses.codes
        if codes.count != configuration.synapseCount {
            throw refuse(
                "\(codes.count) weight codes, the network has \(configuration.synapseCount) "
                    + "synapses")
        }
        let limit = geometry.weightLimit
        var largest: UInt8 = 0
        for code in codes { largest = max(largest, code.magnitude) }
        guard largest > limit, let index = codes.firstIndex(where: { $0.magnitude > limit }) else {
            return
        }
        var start = 0
        for (number, projection) in configuration.projections.enumerated() {
            let targets = configuration.populations[projection.target].size
            let end = start + configuration.sourceCount(projection) * targets
            if index < end {
                let source = (index - start) / targets
                let target = (index - start) % targets
                throw refuse(
                    "weight code \(codes[index]) of projection \(number), source \(source), "
                        + "target \(target)", "Codes are \(-limit)...\(limit).")
            }
            start = end
        }
    }

    private func checkInputs() throws(DeviceError) {
        let inputs = batch.inputs
        let limit = geometry.maximumEventsPerEntry
        for entry in 0..<inputs.entryCount where inputs.range(ofEntry: entry).count > limit {
            throw refuse(
                "entry \(entry) has \(inputs.range(ofEntry: entry).count) input events, "
                    + "the chip takes \(limit)")
        }
        let first = inputs.firstDisorder(
            unitCount: configuration.inputCount, window: configuration.window)
        guard let first else { return }
        let event = inputs.events[first]
        let entry = inputs.ends.firstIndex { Int($0) > first } ?? 0
        throw refuse(
            "entry \(entry): input event \(first - inputs.range(ofEntry: entry).lowerBound) "
                + "(unit \(event.unit), tick \(event.tick)) is out of order, repeated or out of "
                + "range",
            "Units are below \(configuration.inputCount), ticks below \(configuration.window), "
                + "events sorted by tick, then unit.")
    }
}
