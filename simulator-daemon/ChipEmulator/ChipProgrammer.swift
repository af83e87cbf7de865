import CChipKernels
import Substrate

/// Writes a network into a core: neurons as the chip's circuits give them, and the gain of every synapse.
struct ChipProgrammer {
    /// The chip's kind.
    let profile: ChipProfile
    /// Which one of its kind.
    let serial: UInt64
    /// The network.
    let configuration: ChipConfiguration

    /// The time of an integration step, in microseconds.
    private var step: Double {
        let steps = profile.stepsPerSample(samplePeriod: configuration.samplePeriod)
        return ChipClock.microseconds(ticks: configuration.samplePeriod) / Double(steps)
    }

    /// Writes all neurons and synapse gains; the weights stay zero.
    func program(_ core: ChipCore) {
        var circuit = 0
        for (index, population) in configuration.populations.enumerated() {
            let merged = profile.geometry.circuits(
                fanIn: configuration.fanIn(ofPopulation: index))
            writeNeurons(population, index: index, circuit: circuit, merged: merged, core)
            writeGains(population, index: index, circuit: circuit, merged: merged, core)
            circuit += merged * population.size
        }
    }

    /// A logical neuron takes the parameters, the column and the quadrant of its first circuit.
    private func writeNeurons(
        _ population: ChipConfiguration.Population, index: Int, circuit: Int, merged: Int,
        _ core: ChipCore
    ) {
        let quadrants = profile.events.quadrants
        let perQuadrant = (profile.geometry.neuronCircuits + quadrants - 1) / quadrants
        for neuron in 0..<population.size {
            let first = circuit + neuron * merged
            let built = NeuronCircuit(
                population.targets,
                codes: population.codes.isEmpty ? nil : population.codes[neuron], circuit: first,
                profile: profile, serial: serial)
            let kernelNeuron = built.kernelNeuron(
                step: step, kind: population.kind, profile: profile, quadrant: first / perQuadrant)
            core.set(kernelNeuron, population: index, index: neuron)
        }
    }

    /// Signed input `i` enters the neuron's circuit `i / inputs` at the pair of rows `i % inputs`.
    private func writeGains(
        _ population: ChipConfiguration.Population, index: Int, circuit: Int, merged: Int,
        _ core: ChipCore
    ) {
        let inputs = profile.geometry.signedInputsPerCircuit
        var positive = [Float](repeating: 1, count: population.size)
        var negative = positive
        for row in 0..<configuration.fanIn(ofPopulation: index) {
            for neuron in 0..<population.size {
                let place = circuit + neuron * merged + row / inputs
                positive[neuron] = gain(circuit: place, row: 2 * (row % inputs))
                negative[neuron] = gain(circuit: place, row: 2 * (row % inputs) + 1)
            }
            core.set(positive: positive, negative: negative, population: index, row: row)
        }
    }

    /// The gain of a synapse and of the driver of its row; each half of the circuits has its own drivers.
    private func gain(circuit: Int, row: Int) -> Float {
        let spread = profile.mismatch
        var gain = 1.0
        if spread.synapse > 0 {
            var draw = KeyedDraw(serial: serial, .synapse, UInt64(circuit), UInt64(row))
            gain *= max(0, 1 + spread.synapse * draw.normal())
        }
        if spread.rowDriver > 0 {
            let array = circuit / max(1, profile.geometry.neuronCircuits / 2)
            var draw = KeyedDraw(serial: serial, .rowDriver, UInt64(array), UInt64(row))
            gain *= max(0, 1 + spread.rowDriver * draw.normal())
        }
        return Float(gain)
    }
}
