import SpikingNetworks
import Substrate
import Synchronization

/// What a rule makes of a minibatch, slice by slice, while a device runs the rest of it.
///
/// Slices come on the device's thread. The parts of the rule stand in the order of entries; the recording's bits and the
/// length of the slices decide them, and nothing else.
final class StreamedEvidence<Rule: LearningRule>: Sendable {
    private struct State {
        /// The rule and the weights that ran, until the end: copies that are let go before either is changed.
        var model: (rule: Rule, network: Network)?
        var parts: [Rule.Part] = []
        var saturatedEntries = 0
        var lastArrival: ContinuousClock.Instant?
        var clock: StepClock
    }

    private let minibatch: Minibatch
    private let alignment: Alignment
    private let scales: [Float]
    private let state: Mutex<State>

    /// Nothing yet of a minibatch.
    ///
    /// - Parameters:
    ///   - scales: codes per unit of weight, by layer.
    ///   - clock: the step's; goes on with its time here, until `finish`.
    init(
        rule: Rule, network: Network, minibatch: Minibatch, alignment: Alignment, scales: [Float],
        clock: StepClock
    ) {
        self.minibatch = minibatch
        self.alignment = alignment
        self.scales = scales
        state = Mutex(State(model: (rule, network), clock: clock))
    }

    /// Takes what a device measured; from entry 0 on it begins anew.
    func take(_ slice: RecordingSlice) {
        state.withLock { state in
            state.clock.end(.device)
            state.lastArrival = .now
            if slice.firstEntry == 0 {
                state.parts = []
                state.saturatedEntries = 0
            }
            state.saturatedEntries += slice.validity.count { $0.contains(.saturated) }
            let recording = Recording(
                batch: 0, spikes: slice.spikes, membranes: slice.membranes, validity: slice.validity,
                accounting: EventAccounting(), execution: ExecutionReport())
            add(
                slice.entries, observing: alignment.observe(recording, scales: scales), to: &state)
        }
    }

    /// Takes all slices without a device.
    func model() {
        state.withLock { state in
            for entries in minibatch.slices { add(entries, observing: nil, to: &state) }
        }
    }

    /// Ends a part of the step.
    func end(_ part: StepClock.Part) {
        state.withLock { $0.clock.end(part) }
    }

    /// When the last slice came; nil before the first.
    var lastArrival: ContinuousClock.Instant? { state.withLock { $0.lastArrival } }

    /// The parts of all slices; the clock is the step's again.
    func finish(_ clock: inout StepClock) -> (parts: [Rule.Part], saturatedEntries: Int) {
        let (parts, saturatedEntries, time) = state.withLock { state in
            state.model = nil
            defer { state.parts = [] }
            return (state.parts, state.saturatedEntries, state.clock)
        }
        clock = time
        return (parts, saturatedEntries)
    }

    private func add(_ entries: Range<Int>, observing observation: Observation?, to state: inout State) {
        guard let (rule, network) = state.model else { return }
        let example = Example(
            input: .timed(minibatch.inputs[entries.lowerBound / minibatch.sliceLength]),
            labels: Array(minibatch.labels[entries]), observation: observation)
        state.clock.end(.align)
        let share = Double(entries.count) / Double(minibatch.labels.count)
        state.parts.append(
            rule.part(of: network, on: example, share: share, clock: &state.clock))
    }
}
