import InTheLoop
import SpikingNetworks
import Substrate
import Tensors
import Testing

/// Weights to codes, networks to circuits, recordings to grids.
struct MappingTests {
    private func network(inputs: Int, hidden: [Int], classes: Int, recurrent: Bool = false) -> Network {
        var layers: [Layer] = []
        var sources = inputs
        for size in hidden {
            layers.append(
                Layer(
                    kind: .spiking, weights: Matrix(rows: sources, columns: size),
                    recurrent: recurrent ? Matrix(rows: size, columns: size) : nil))
            sources = size
        }
        layers.append(Layer(kind: .integrating, weights: Matrix(rows: sources, columns: classes)))
        return Network(layers: layers, grid: TimeGrid(steps: 4, stepMicroseconds: 1.7))
    }

    private func placement(_ network: Network, geometry: ChipGeometry = .brainScaleS2) throws -> Placement {
        let experiment = try Experiment(yaml: "", source: "defaults")
        return try Placement(
            network, on: geometry, chip: experiment.chip, hiddenScale: experiment.mapping.hiddenScale,
            noiseSeed: 1)
    }

    @Test func theReferenceNetworkFillsTheChip() throws {
        let configuration = try placement(network(inputs: 256, hidden: [246], classes: 10)).configuration
        #expect(configuration.circuitCount(on: .brainScaleS2) == 512)
        #expect(configuration.window == 4 * 213 || configuration.window == 4 * 212)
        #expect(configuration.synapseCount == 256 * 246 + 246 * 10)
        // The gain makes one model unit of weight, in codes, what the model's R makes of it, in LSB.
        let targets = configuration.populations[0].targets
        #expect(abs(targets.synapticGain * 240 / 70 - LIFParameters().membraneGain) < 1e-12)
    }

    @Test func aNetworkTooLargeNamesTheResourceAndBothNumbers() throws {
        let error = #expect(throws: MappingError.self) {
            try placement(network(inputs: 256, hidden: [400], classes: 10))
        }
        #expect(error?.resource == "neuron circuits")
        // 400 neurons with 256 signed inputs take 2 circuits each, 10 with 400 take 4 each.
        #expect(error?.needed == 400 * 2 + 10 * 4)
        #expect(error?.available == 512)
    }

    @Test func recurrentInputsCountAsFanIn() throws {
        let configuration = try placement(
            network(inputs: 70, hidden: [186], classes: 20, recurrent: true)
        ).configuration
        #expect(configuration.fanIn(ofPopulation: 0) == 256)
        #expect(configuration.circuitCount(on: .brainScaleS2) == 186 * 2 + 20 * 2)
        #expect(configuration.projections.count == 3)
    }

    @Test func codesAreRoundedClippedAndCounted() {
        var small = network(inputs: 2, hidden: [3], classes: 2)
        small.layers[0].weights = Matrix(rows: 2, columns: 3, unpadded: [0.1, -0.1, 0.3, 0, 0.0021, -0.3])
        small.layers[1].weights = Matrix(rows: 3, columns: 2, unpadded: [1, -0.5, 0, 0, 0, 0.25])
        let mapping = WeightMapping(hiddenScale: 240, readoutScaleLimit: 250, weightLimit: 63)
        let mapped = mapping.quantize(small)
        #expect(mapped.synapses.codes == [24, -24, 63, 0, 1, -63, 63, -32, 0, 0, 0, 16])
        #expect(mapped.saturated == 2)
        #expect(mapped.scales == [240, 63])
        small.layers[1].weights = Matrix(rows: 3, columns: 2, unpadded: [0.1, 0, 0, 0, 0, 0])
        #expect(mapping.quantize(small).scales[1] == 250)
    }

    @Test func spikesAndMembranesLandOnTheGrid() throws {
        let small = network(inputs: 2, hidden: [2], classes: 1)
        let placed = try placement(small)
        let experiment = try Experiment(yaml: "", source: "defaults")
        let alignment = Alignment(placed, grid: small.grid, chip: experiment.chip, hiddenScale: 240)
        let period = UInt16(placed.configuration.samplePeriod)
        var inputs = SpikeTrains()
        inputs.append([
            SpikeEvent(tick: 0, unit: 1), SpikeEvent(tick: period - 1, unit: 0),
            SpikeEvent(tick: period, unit: 0), SpikeEvent(tick: 4 * period - 1, unit: 1),
        ])
        inputs.append([])
        let gridded = alignment.grid(inputs)
        #expect(Array(gridded[0, 0]) == [1, 0])
        #expect(Array(gridded[0, 1]) == [0])
        #expect(Array(gridded[0, 3]) == [1])
        #expect(gridded.count == 4)

        var spikes = SpikeTrains()
        spikes.append([
            SpikeEvent(tick: 0, unit: 1), SpikeEvent(tick: 1, unit: 1),
            SpikeEvent(tick: 2 * period, unit: 0), SpikeEvent(tick: 3 * period, unit: 1),
        ])
        spikes.append([])
        // Columns: hidden 0, hidden 1, readout; first samples 80, 82, 79.
        let codes: [UInt8] = [80, 82, 79, 150, 82, 79, 115, 12, 79, 80, 82, 114] + Array(repeating: 90, count: 12)
        let recording = Recording(
            batch: 1, spikes: spikes,
            membranes: CADCRecording(neurons: 0..<3, sampleCount: 4, codes: codes),
            validity: [[], []], accounting: EventAccounting(), execution: ExecutionReport())
        let observation = alignment.observe(recording, scales: [240, 120])
        let hidden = try #require(observation.layers[0].spikes)
        // A spike between samples t and t+1 is S[t+1]; two in a bin are one; after the last sample there is no grid point.
        #expect(Array(hidden[0, 1]) == [1])
        #expect(Array(hidden[0, 3]) == [0])
        #expect(hidden.count == 2)
        let membranes = try #require(observation.layers[0].membranes)
        #expect(membranes[0, 0, 0] == 0)
        #expect(membranes[0, 1, 0] == 1)
        #expect(membranes[0, 2, 0] == 0.5)
        // Neuron 1 fired before sample 1, neuron 0 before sample 3: the samples show the reset, the spikes a crossing.
        #expect(membranes[0, 1, 1] == 0 && membranes[0, 3, 0] == 0)
        let crossed = Alignment(
            placed, grid: small.grid, chip: experiment.chip, hiddenScale: 240, spikeMembrane: 1.25
        ).observe(recording, scales: [240, 120]).layers[0].membranes
        #expect(crossed?[0, 1, 1] == 1.25 && crossed?[0, 3, 0] == 1.25 && crossed?[0, 2, 0] == 0.5)
        #expect(abs(membranes[0, 2, 1] + 1) < 1e-6)
        #expect(membranes[1, 3, 1] == 0)
        // The readout ran at half the hidden scale, so a model unit is half as high on the chip.
        let readout = try #require(observation.layers[1].membranes)
        #expect(abs(readout[0, 3, 0] - 1) < 1e-6)
    }
}
