import CChipKernels
import Crews
import Glibc
import Substrate
import Synchronization

/// The kernels' memory and calls: the only file of the emulator that touches C pointers.
///
/// A core is changed and run by its one owner; entries of a run are spread over workers, which share nothing but the
/// program, which is constant meanwhile.
final class ChipCore: @unchecked Sendable {
    private let program: OpaquePointer
    private let workspaces: [OpaquePointer]

    /// A core without neurons and weights, for a kind of chip.
    init(layout: ChipLayout, profile: ChipProfile, workers: Int) throws(DeviceError) {
        let order = layout.groups.flatMap(\.populations).map(UInt32.init)
        var groups: [chip_group] = []
        for group in layout.groups {
            let first = groups.last?.end ?? 0
            groups.append(
                chip_group(
                    first: first, end: first + UInt32(group.populations.count),
                    cyclic: group.isCyclic))
        }
        let created = chip_program_create(
            layout.populations, UInt32(layout.populations.count), layout.projections,
            UInt32(layout.projections.count), order, groups, UInt32(groups.count),
            profile.mismatch.synapseBow > 0,
            profile.defects.stuckAtZero > 0 || profile.defects.stuckAtFull > 0)
        guard let created else { throw Self.outOfMemory }
        var spaces: [OpaquePointer] = []
        for _ in 0..<workers {
            guard let space = chip_workspace_create() else { break }
            spaces.append(space)
        }
        program = created
        workspaces = spaces
        if spaces.isEmpty { throw Self.outOfMemory }
    }

    deinit {
        chip_program_free(program)
        for workspace in workspaces { chip_workspace_free(workspace) }
    }

    /// Cores of this machine.
    static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Writes a neuron of a population.
    func set(_ neuron: chip_neuron, population: Int, index: Int) {
        withUnsafePointer(to: neuron) {
            chip_program_set_neuron(program, UInt32(population), UInt32(index), $0)
        }
    }

    /// Writes the potentials of a neuron of a population anew.
    func set(_ potentials: chip_potentials, population: Int, index: Int) {
        withUnsafePointer(to: potentials) {
            chip_program_set_potentials(program, UInt32(population), UInt32(index), $0)
        }
    }

    /// Writes what the synapses of a row are like.
    func set(_ row: SynapseRow, population: Int, row index: Int) {
        row.positive.withUnsafeBufferPointer { positive in
            row.negative.withUnsafeBufferPointer { negative in
                row.positiveBow.withUnsafeBufferPointer { positiveBow in
                    row.negativeBow.withUnsafeBufferPointer { negativeBow in
                        row.fixed.withUnsafeBufferPointer { fixed in
                            var terms = chip_row(
                                positive: positive.baseAddress, negative: negative.baseAddress,
                                positive_bow: positiveBow.baseAddress,
                                negative_bow: negativeBow.baseAddress, fixed: fixed.baseAddress)
                            chip_program_set_row(
                                program, UInt32(population), UInt32(index), &terms)
                        }
                    }
                }
            }
        }
    }

    /// Writes all weight codes; to be done again after neurons are set.
    ///
    /// Where neither neurons nor errors changed since the last write, `before` is what it wrote, and only what differs
    /// is written.
    func write(
        _ synapses: SynapseMatrix, over before: SynapseMatrix?, _ error: chip_write_error,
        _ instructionSet: InstructionSet, by crew: Crew
    ) {
        precondition(
            before.map { $0.codes.count == synapses.codes.count } ?? true,
            "\(synapses.codes.count) codes over \(before?.codes.count ?? 0)")
        let parts = workspaces.count
        synapses.codes.withUnsafeBufferPointer { codes in
            (before?.codes ?? []).withUnsafeBufferPointer { others in
                let slots = WeightSlots(
                    codes: codes.baseAddress, before: before == nil ? nil : others.baseAddress)
                let next = Atomic(0)
                crew.work { _ in
                    while true {
                        let part = next.add(1, ordering: .relaxed).oldValue
                        if part >= parts { return }
                        withUnsafePointer(to: error) {
                            chip_program_write(
                                self.program, slots.codes, slots.before, $0,
                                instructionSet.kernelLevel, UInt32(part), UInt32(parts))
                        }
                    }
                }
            }
        }
    }

    /// The number of codes that differ between matrices of the same size.
    static func differences(_ first: SynapseMatrix, _ second: SynapseMatrix) -> Int {
        precondition(
            first.codes.count == second.codes.count,
            "\(first.codes.count) codes beside \(second.codes.count)")
        return Int(chip_count_differences(first.codes, second.codes, first.codes.count))
    }

    /// Where the workers that write find the codes.
    private struct WeightSlots: @unchecked Sendable {
        let codes: UnsafePointer<Int8>?
        let before: UnsafePointer<Int8>?
    }

    /// A standard normal number for each counter under a key.
    static func normals(
        key: UInt64, counters: [UInt32], _ instructionSet: InstructionSet
    ) -> [Float] {
        // The kernel works on sixteen at a time.
        let padding = (16 - counters.count % 16) % 16
        let padded = counters + Array(repeating: 0, count: padding)
        let numbers = [Float](unsafeUninitializedCapacity: padded.count) { numbers, count in
            chip_normals(
                instructionSet.kernelLevel, key, padded, numbers.baseAddress, UInt32(padded.count))
            count = padded.count
        }
        return Array(numbers.prefix(counters.count))
    }

    /// What came out of a run.
    struct Result {
        /// Spikes of all entries.
        var spikes: SpikeTrains
        /// Codes `[entry, sample, column]`.
        var codes: [UInt8]
        /// What became of each entry.
        var outcomes: [chip_outcome]
    }

    /// Runs some entries of a batch by a crew of no more threads than the core has workers.
    ///
    /// - Parameter attend: What the leader does when the others have begun, and now and then between two entries; false
    ///   gives the run up.
    /// - Throws: `cancelled` where it is given up, `deviceFault` without memory.
    func run(
        _ range: Range<Int>, of inputs: SpikeTrains, _ settings: chip_settings, by crew: Crew, attend: () -> Bool
    ) throws(DeviceError) -> Result {
        precondition(crew.threads <= workspaces.count, "\(crew.threads) threads for \(workspaces.count) workers")
        let entries = range.count
        let codesPerEntry = Int(settings.sample_count) * Int(settings.membrane_count)
        var outcomes = [chip_outcome](repeating: chip_outcome(), count: entries)
        var owners = [Int](repeating: 0, count: entries)
        for workspace in workspaces { chip_workspace_clear(workspace) }
        var failure: DeviceError?
        // Each column is a neuron's, so entries that succeed write every byte.
        let codes = [UInt8](unsafeUninitializedCapacity: entries * codesPerEntry) { codes, count in
            failure = outcomes.withUnsafeMutableBufferPointer { outcomes in
                owners.withUnsafeMutableBufferPointer { owners in
                    inputs.events.withUnsafeBufferPointer { events in
                        events.withMemoryRebound(to: chip_wire_event.self) { events in
                            spread(
                                range, inputs, settings, crew, attend,
                                Slots(
                                    events: events, outcomes: outcomes, owners: owners,
                                    codes: codes, codesPerEntry: codesPerEntry))
                        }
                    }
                }
            }
            count = failure == nil ? entries * codesPerEntry : 0
        }
        if let failure { throw failure }
        return Result(spikes: gather(outcomes, owners), codes: codes, outcomes: outcomes)
    }

    /// Where the entries of a run find and leave their data; entries touch disjoint parts.
    private struct Slots: @unchecked Sendable {
        let events: UnsafeBufferPointer<chip_wire_event>
        let outcomes: UnsafeMutableBufferPointer<chip_outcome>
        let owners: UnsafeMutableBufferPointer<Int>
        let codes: UnsafeMutableBufferPointer<UInt8>
        let codesPerEntry: Int
    }

    /// How long the leader runs entries before it attends to something else again.
    private static let attention: Duration = .milliseconds(1)

    /// Deals the entries to the workers; what went wrong, if something did.
    private func spread(
        _ range: Range<Int>, _ inputs: SpikeTrains, _ settings: chip_settings, _ crew: Crew, _ attend: () -> Bool,
        _ slots: Slots
    ) -> DeviceError? {
        let next = Atomic(0)
        let failed = Atomic(false)
        let entries = range.count
        var isWanted = true
        /// Runs the next entry; false where there is none.
        @Sendable func runNext(_ worker: Int, _ settings: inout chip_settings) -> Bool {
            let entry = next.add(1, ordering: .relaxed).oldValue
            if entry >= entries { return false }
            let events = inputs.range(ofEntry: range.lowerBound + entry)
            let codes =
                slots.codesPerEntry == 0 ? nil : slots.codes.baseAddress?.advanced(by: entry * slots.codesPerEntry)
            slots.owners[entry] = worker
            let good = chip_run_entry(
                self.program, &settings, self.workspaces[worker], UInt32(range.lowerBound + entry),
                slots.events.baseAddress?.advanced(by: events.lowerBound), UInt32(events.count), codes,
                slots.outcomes.baseAddress?.advanced(by: entry))
            if !good { failed.store(true, ordering: .relaxed) }
            return true
        }
        func lead() {
            var settings = settings
            isWanted = attend()
            var end = ContinuousClock.now + Self.attention
            while isWanted, runNext(0, &settings) {
                guard ContinuousClock.now > end else { continue }
                isWanted = attend()
                end = .now + Self.attention
            }
            if !isWanted { next.add(entries, ordering: .relaxed) }
        }
        crew.work(leading: lead) { worker in
            var settings = settings
            while runNext(worker, &settings) {}
        }
        if !isWanted { return DeviceError(.cancelled, "the batch was given up") }
        return failed.load(ordering: .relaxed) ? Self.outOfMemory : nil
    }

    /// The workers' spikes in the order of entries.
    private func gather(_ outcomes: [chip_outcome], _ owners: [Int]) -> SpikeTrains {
        var ends: [UInt32] = []
        ends.reserveCapacity(outcomes.count)
        for outcome in outcomes { ends.append((ends.last ?? 0) + outcome.event_count) }
        let total = Int(ends.last ?? 0)
        let events = [SpikeEvent](unsafeUninitializedCapacity: total) { events, count in
            for (entry, outcome) in outcomes.enumerated() where outcome.event_count > 0 {
                guard let base = chip_workspace_events(workspaces[owners[entry]]) else { continue }
                let start = Int(ends[entry] - outcome.event_count)
                let number = Int(outcome.event_count)
                base.advanced(by: Int(outcome.first_event))
                    .withMemoryRebound(to: SpikeEvent.self, capacity: number) { from in
                        events.baseAddress?.advanced(by: start)
                            .initialize(from: from, count: number)
                    }
            }
            count = total
        }
        return SpikeTrains(ends: ends, events: events)
    }

    private static let outOfMemory = DeviceError(
        .deviceFault, "the emulated chip: not enough memory for this network",
        remedy: "Use shorter windows, fewer samples or fewer threads.")
}
