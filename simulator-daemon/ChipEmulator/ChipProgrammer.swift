import CChipKernels
import Substrate

/// Writes a network into a core: neurons as the chip's circuits give them, and what every synapse is like.
struct ChipProgrammer {
    /// The chip's kind.
    let profile: ChipProfile
    /// Which one of its kind.
    let serial: UInt64
    /// The network.
    let configuration: ChipConfiguration

    /// The time of an integration step, in microseconds.
    var step: Double {
        let steps = profile.stepsPerSample(samplePeriod: configuration.samplePeriod)
        return ChipClock.microseconds(ticks: configuration.samplePeriod) / Double(steps)
    }

    /// All neurons as they are when they are programmed. A logical neuron takes the parameters, the column, the
    /// quadrant and the defects of its first circuit.
    func circuits() -> [PlacedCircuit] {
        configuration.populations.enumerated().flatMap { index, population in
            configuration.circuits(ofPopulation: index, on: profile.geometry).enumerated().map {
                neuron, circuit in
                PlacedCircuit(
                    population: index, index: neuron, kind: population.kind,
                    circuit: NeuronCircuit(
                        population.targets,
                        codes: population.codes.isEmpty ? nil : population.codes[neuron],
                        circuit: circuit, profile: profile, serial: serial,
                        noiseSeed: configuration.noiseSeed))
            }
        }
    }

    /// Writes neurons as they are in a batch; shape of `shifts`: `[circuit]`, or empty for none.
    func write(_ circuits: [PlacedCircuit], shifts: [CircuitShift], _ core: ChipCore) {
        let quadrants = profile.events.quadrants
        let perQuadrant = (profile.geometry.neuronCircuits + quadrants - 1) / quadrants
        for (number, placed) in circuits.enumerated() {
            let circuit =
                shifts.isEmpty ? placed.circuit : placed.circuit.shifted(by: shifts[number])
            core.set(
                circuit.kernelNeuron(
                    step: step, kind: placed.kind, profile: profile,
                    quadrant: circuit.number / perQuadrant),
                population: placed.population, index: placed.index)
        }
    }

    /// Writes the potentials of neurons that are written already.
    func writePotentials(_ circuits: [PlacedCircuit], shifts: [CircuitShift], _ core: ChipCore) {
        for (placed, shift) in zip(circuits, shifts) {
            let circuit = placed.circuit.shifted(by: shift)
            core.set(
                circuit.kernelPotentials(kind: placed.kind, profile: profile),
                population: placed.population, index: placed.index)
        }
    }

    /// Writes what the synapses are like; the weights stay zero.
    ///
    /// Signed input `i` enters the neuron's circuit `i / inputs` at the pair of rows `i % inputs`.
    func writeSynapses(_ core: ChipCore) {
        let inputs = profile.geometry.signedInputsPerCircuit
        let limit = Double(profile.geometry.weightLimit)
        for (index, population) in configuration.populations.enumerated() {
            let first = configuration.circuits(ofPopulation: index, on: profile.geometry)
            var terms = SynapseRow(size: population.size)
            for row in 0..<configuration.fanIn(ofPopulation: index) {
                for (neuron, circuit) in first.enumerated() {
                    let place = circuit + row / inputs
                    func synapse(row: Int) -> SynapsePair.Synapse {
                        SynapsePair.Synapse(
                            circuit: place, row: row, profile: profile, serial: serial)
                    }
                    let pair = SynapsePair(
                        positive: synapse(row: 2 * (row % inputs)),
                        negative: synapse(row: 2 * (row % inputs) + 1))
                    terms.set(neuron, pair.kernelTerms(limit: limit))
                }
                core.set(terms, population: index, row: row)
            }
        }
    }

    /// The errors with which weights are written.
    var writeError: chip_write_error {
        chip_write_error(
            deviation: Float(profile.programming.weight),
            inputs: UInt32(profile.geometry.signedInputsPerCircuit),
            key: KeyedDraw(serial: serial, .writtenWeight, configuration.noiseSeed).key)
    }
}

extension ChipProfile.Programming {
    /// Whether what is written depends on the noise seed.
    var isOn: Bool { potential > 0 || relative > 0 || weight > 0 }
}
