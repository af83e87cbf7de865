package import Substrate

/// Whether a network fits a chip; every refusal says what, where, how much there is and how much is needed.
package struct ConfigurationCheck {
    /// The chip.
    let profile: ChipProfile
    /// What is asked of it.
    let configuration: ChipConfiguration
    /// What the refusals begin with.
    let name: String

    /// A check; every argument has the meaning of the property of its name.
    package init(profile: ChipProfile, configuration: ChipConfiguration, name: String) {
        self.profile = profile
        self.configuration = configuration
        self.name = name
    }

    private var geometry: ChipGeometry { profile.geometry }

    /// Why the chip cannot take the network; nil if it can.
    package var flaw: String? {
        do throws(DeviceError) {
            try run()
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Throws `invalidRequest` at the first thing that does not fit.
    func run() throws(DeviceError) {
        try checkPopulations()
        try checkProjections()
        try checkResources()
        try checkTime()
    }

    private func refuse(_ detail: String, _ remedy: String? = nil) -> DeviceError {
        DeviceError(.invalidRequest, "\(name): \(detail)", remedy: remedy)
    }

    private func checkPopulations() throws(DeviceError) {
        if configuration.populations.isEmpty { throw refuse("the network has no population") }
        for (index, population) in configuration.populations.enumerated() {
            let place = "population \(index)"
            if population.size < 1 { throw refuse("\(place) has \(population.size) neurons") }
            try checkCodes(population, place)
            let targets = population.targets
            let ranges = profile.parameters
            try check(targets.leak, ranges.potential.allowed, "leak", "LSB", place)
            try check(targets.tauMem, ranges.tauMem.allowed, "tauMem", "us", place)
            try check(targets.tauSynExcitatory, ranges.tauSyn.allowed, "tauSynExcitatory", "us", place)
            try check(targets.tauSynInhibitory, ranges.tauSyn.allowed, "tauSynInhibitory", "us", place)
            try check(
                targets.synapticGain, ranges.synapticGain.allowed, "synapticGain", "LSB per code", place)
            switch population.kind {
            case .spiking:
                try check(targets.reset, ranges.potential.allowed, "reset", "LSB", place)
                try check(targets.threshold, ranges.threshold.allowed, "threshold", "LSB", place)
                try check(targets.refractory, ranges.refractory.allowed, "refractory", "us", place)
            case .integrating: break
            }
        }
    }

    private func checkCodes(
        _ population: ChipConfiguration.Population, _ place: String
    ) throws(DeviceError) {
        let codes = population.codes
        if codes.isEmpty { return }
        let bits = profile.parameters.bits
        if bits == 0 {
            throw refuse(
                "\(place) has parameter codes, the chip takes none", "Send targets only.")
        }
        if codes.count != population.size {
            throw refuse("\(place) has codes for \(codes.count) of \(population.size) neurons")
        }
        let highest = UInt16(profile.parameters.highestCode)
        let neuron = codes.firstIndex {
            max(
                max($0.leak, $0.reset, $0.threshold, $0.tauMem),
                max($0.tauSynExcitatory, $0.tauSynInhibitory, $0.refractory, $0.synapticGain))
                > highest
        }
        if let neuron {
            throw refuse(
                "\(place), neuron \(neuron): a parameter code is above \(highest)",
                "This chip's codes have \(bits) bits.")
        }
    }

    private func check(
        _ value: Double, _ range: ClosedRange<Double>, _ name: String, _ unit: String,
        _ place: String
    ) throws(DeviceError) {
        guard range.contains(value) else {
            throw refuse(
                "\(place): \(name) is \(value) \(unit)",
                "This chip takes \(range.lowerBound)...\(range.upperBound) \(unit).")
        }
    }

    private func checkProjections() throws(DeviceError) {
        let populations = configuration.populations
        for (index, projection) in configuration.projections.enumerated() {
            let place = "projection \(index)"
            guard populations.indices.contains(projection.target) else {
                throw refuse(
                    "\(place) targets population \(projection.target) of \(populations.count)")
            }
            if case .population(let source) = projection.source {
                guard populations.indices.contains(source) else {
                    throw refuse("\(place) starts at population \(source) of \(populations.count)")
                }
                if populations[source].kind == .integrating {
                    throw refuse(
                        "\(place) starts at population \(source), which is integrating",
                        "A readout fires no spikes; make the population spiking.")
                }
            }
        }
    }

    private func checkResources() throws(DeviceError) {
        let inputs = configuration.inputCount
        guard (0...geometry.inputChannels).contains(inputs) else {
            throw refuse(
                "the network needs \(inputs) input channels, the chip has "
                    + "\(geometry.inputChannels)")
        }
        let circuits = configuration.circuitCount(on: geometry)
        if circuits > geometry.neuronCircuits {
            throw refuse(
                "the network needs \(circuits) neuron circuits, the chip has "
                    + "\(geometry.neuronCircuits)",
                "A neuron takes a circuit for every \(geometry.signedInputsPerCircuit) signed "
                    + "inputs: use fewer neurons or fewer inputs.")
        }
    }

    private func checkTime() throws(DeviceError) {
        let window = configuration.window
        guard (1...ChipClock.maximumWindow).contains(window) else {
            throw refuse(
                "the window is \(window) ticks", "It must be 1...\(ChipClock.maximumWindow).")
        }
        let period = configuration.samplePeriod
        if period < geometry.minimumSamplePeriod || period > ChipClock.maximumWindow {
            throw refuse(
                "the sample period is \(period) ticks",
                "It must be \(geometry.minimumSamplePeriod)...\(ChipClock.maximumWindow).")
        }
        let samples = configuration.sampleCount
        let limit = window / period + 1
        if samples < 0 || samples > limit {
            throw refuse(
                "\(samples) samples of \(period) ticks in a window of \(window) ticks",
                "At most \(limit) fit.")
        }
        if configuration.entrySpacing < 0 {
            throw refuse("the entry spacing is \(configuration.entrySpacing) ticks")
        }
    }
}
