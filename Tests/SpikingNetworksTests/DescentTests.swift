import SpikingNetworks
import Tensors
import Testing

/// The step that goes through all at once against replay, loss, backward and update one after the other.
@Suite struct DescentTests {
    /// A loss that the kernels do not know.
    private struct Foreign: Loss {
        var loss: any Loss
        func evaluate(readout: TimeSeries, labels: [Int]) -> LossValue {
            loss.evaluate(readout: readout, labels: labels)
        }
    }

    private let regularization = Regularization(burst: 0.02, weightDecay: 0.1, readoutAmplitude: 0.05)

    private struct Outcome {
        var network: Network
        var optimizer: Adam
        var reports: [DescentReport]
    }

    /// Three steps.
    private func train(
        _ network: Network, _ input: BatchSpikes, _ observation: Observation?, _ labels: [Int],
        _ loss: any Loss, threads: Int = 1, level: KernelLevel = .best
    ) -> Outcome {
        var outcome = Outcome(network: network, optimizer: Adam(for: network), reports: [])
        for _ in 0..<3 {
            outcome.reports.append(
                outcome.optimizer.descend(
                    &outcome.network, input: input, observation: observation, labels: labels, loss: loss,
                    regularization: regularization, limits: network.layers.map { $0.kind == .spiking ? 0.7 : nil },
                    threads: threads, level: level))
        }
        return outcome
    }

    /// Codes and spikes as a chip would record a trace; one model unit is 80 codes.
    private func observation(of trace: Trace) -> Observation {
        Observation(
            layers: trace.layers.enumerated().map { index, layer in
                let series = layer.membranes
                var codes: [UInt8] = []
                for row in 0..<series.entries * series.steps {
                    for neuron in 0..<series.neurons {
                        let code = 90 + 80 * series.values[row * series.stride + neuron]
                        codes.append(UInt8(min(max(code, 0), 255)))
                    }
                }
                let isReadout = index == trace.layers.count - 1
                return LayerObservation(
                    spikes: isReadout ? nil : layer.spikes,
                    codes: CADCMembranes(
                        codes: codes, entries: series.entries, steps: series.steps, width: series.neurons,
                        columns: 0..<series.neurons, scale: 1.0 / 80, atSpike: isReadout ? nil : 1.1))
            })
    }

    /// Spikes by a clock of 400 ticks a step, some of them twice, units from 3 on, a step earlier than on the grid: those of
    /// step 0 are left out.
    private func timed(_ spikes: GriddedSpikes) -> TimedSpikes {
        var events: [UInt32] = []
        var ends: [UInt32] = []
        for entry in 0..<spikes.entries {
            for step in 1..<spikes.steps {
                for (index, unit) in spikes[entry, step].enumerated() {
                    let first = UInt32((step - 1) * 400 + 2 * index) | UInt32(unit + 3) << 16
                    events.append(contentsOf: index % 3 == 0 ? [first, first + 1] : [first])
                }
            }
            ends.append(UInt32(events.count))
        }
        return TimedSpikes(
            ends: ends, events: events, units: 3..<3 + spikes.channels, steps: spikes.steps, period: 400, shift: 1)
    }

    /// The same with spikes by a clock.
    private func timed(_ observation: Observation) -> Observation {
        Observation(
            layers: observation.layers.map { layer in
                guard let spikes = layer.spikes else { return layer }
                var result = LayerObservation(times: timed(spikes), codes: layer.codes)
                if layer.codes == nil { result.membranes = layer.membranes }
                return result
            })
    }

    private func expectSame(_ outcome: Outcome, _ expected: Outcome, _ comment: Comment) {
        #expect(outcome.network.layers == expected.network.layers, comment)
        #expect(outcome.optimizer == expected.optimizer, comment)
        for (report, wanted) in zip(outcome.reports, expected.reports) {
            #expect(abs(report.loss - wanted.loss) < 1e-12 * abs(wanted.loss), comment)
            #expect(report.correct == wanted.correct, comment)
            #expect(report.hiddenSpikes == wanted.hiddenSpikes, comment)
        }
    }

    @Test(arguments: [MaxOverTime(), SumOverTime(scale: 0.4)] as [any Loss])
    func aStepIsReplayLossBackwardAndUpdate(of loss: any Loss) {
        for (seed, (sizes, recurrent)) in [
            ([40, 90, 10], false), ([30, 70, 50, 17], false), ([20, 33, 6], true), ([30, 130, 20], true),
            // Weights that take more entries at a time, since they outgrow the second cache.
            ([400, 190, 190, 10], false),
        ].enumerated() {
            for integration in Integration.allCases {
                let network = Sample.network(
                    sizes, seed: UInt64(40 + seed), grid: TimeGrid(steps: 14), integration: integration,
                    recurrent: recurrent)
                let input = Sample.spikes(
                    entries: 90, steps: 14, channels: sizes[0], probability: 0.1, seed: UInt64(40 + seed))
                let labels = (0..<90).map { $0 * 7 % network.outputCount }
                let trace = network.replay(input)
                let measured = observation(of: trace)
                var spikesOnly = measured
                spikesOnly.layers[0].membranes = nil
                let byClock = timed(measured)
                #expect(byClock.layers.map(\.spikes) == measured.layers.map(\.spikes))
                for (kind, observed) in [nil, measured, spikesOnly, byClock, timed(spikesOnly)].enumerated() {
                    let comment: Comment = "seed \(40 + seed), \(integration), observation \(kind)"
                    let expected = train(network, .gridded(input), observed, labels, Foreign(loss: loss))
                    #expect(expected.network.layers != network.layers)
                    #expect(expected.reports[0].hiddenSpikes > 0, comment)
                    expectSame(train(network, .gridded(input), observed, labels, loss), expected, comment)
                }
            }
        }
    }

    @Test func inputsByAClockAreThoseOfTheirBins() {
        let network = Sample.network([150, 33, 6], seed: 47, grid: TimeGrid(steps: 14))
        let times = timed(Sample.spikes(entries: 170, steps: 14, channels: 150, probability: 0.1, seed: 47))
        let labels = (0..<170).map { $0 % 6 }
        for observed in [nil, observation(of: network.replay(times.gridded))] {
            let expected = train(network, .gridded(times.gridded), observed, labels, MaxOverTime())
            for threads in 1...3 {
                expectSame(
                    train(network, .timed(times), observed, labels, MaxOverTime(), threads: threads), expected,
                    "\(threads) threads, seed 47")
            }
        }
    }

    @Test func levelsAndThreadsGiveTheSameBits() {
        for recurrent in [false, true] {
            let network = Sample.network([50, 77, 90, 11], seed: 44, grid: TimeGrid(steps: 12), recurrent: recurrent)
            let input = Sample.spikes(entries: 170, steps: 12, channels: 50, probability: 0.1, seed: 44)
            let labels = (0..<170).map { $0 % 11 }
            for observed in [nil, observation(of: network.replay(input))] {
                let expected = train(network, .gridded(input), observed, labels, MaxOverTime(), level: .baseline)
                for level in KernelLevel.available {
                    for threads in 1...4 {
                        let outcome = train(
                            network, .gridded(input), observed, labels, MaxOverTime(), threads: threads, level: level)
                        expectSame(outcome, expected, "\(level), \(threads) threads, seed 44")
                        #expect(outcome.reports.map(\.loss) == expected.reports.map(\.loss))
                    }
                }
            }
        }
    }

    @Test func frozenLayersStay() {
        let whole = Sample.network([30, 40, 20, 4], seed: 45, grid: TimeGrid(steps: 10))
        let input = Sample.spikes(entries: 50, steps: 10, channels: 30, probability: 0.2, seed: 45)
        let labels = (0..<50).map { $0 % 4 }
        for frozen in [[0], [1], [0, 1], [2], [0, 1, 2]] as [Set<Int>] {
            var network = whole
            network.frozenLayers = frozen
            let expected = train(network, .gridded(input), nil, labels, Foreign(loss: MaxOverTime()))
            expectSame(
                train(network, .gridded(input), nil, labels, MaxOverTime()), expected, "frozen \(frozen), seed 45")
            for index in 0..<3 {
                #expect((expected.network.layers[index] == whole.layers[index]) == frozen.contains(index))
            }
        }
    }

    @Test func weightsThatNobodyElseHoldsAreChangedInPlace() {
        var network = Sample.network([30, 40, 4], seed: 46, grid: TimeGrid(steps: 10))
        var optimizer = Adam(for: network)
        let input = Sample.spikes(entries: 5, steps: 10, channels: 30, probability: 0.2, seed: 46)
        func address() -> UInt {
            network.layers[0].weights.values.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
        }
        let before = address()
        _ = optimizer.descend(
            &network, input: .gridded(input), labels: [0, 1, 2, 3, 0], loss: MaxOverTime(),
            regularization: regularization)
        #expect(address() == before)
    }
}
