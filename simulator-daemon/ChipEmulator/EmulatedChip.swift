import CChipKernels
import Crews
public import Substrate

/// A chip in software: the same profile and serial are the same chip, bit for bit, on any machine and for any number
/// of threads.
///
/// What a batch gives depends on the batch, the profile and the serial only. A chip remembers what is programmed, so
/// that a batch which changes nothing costs nothing to write; this shows in the report of costs alone.
public struct EmulatedChip: Sendable {
    /// Version that the chip reports as its firmware.
    public static let firmware = "0.1.0"

    /// What kind of chip it is.
    public let profile: ChipProfile
    /// Which one of its kind it is.
    public let serial: UInt64
    private let workers: Int
    private let instructionSet: InstructionSet
    private var core: ChipCore?
    private var programmed: ChipConfiguration?
    private var circuits: [PlacedCircuit] = []
    private var shifts: [CircuitShift] = []
    private var written = SynapseMatrix(codes: [])

    /// The chip of a serial; `threads` is the number of workers, all cores if `nil`.
    ///
    /// Traps if `threads` is below one.
    public init(profile: ChipProfile, serial: UInt64, threads: Int? = nil) {
        self.init(
            profile: profile, serial: serial, threads: threads, instructionSet: .best)
    }

    /// The chip of a serial on an instruction set, which the processor must have.
    package init(
        profile: ChipProfile, serial: UInt64, threads: Int?, instructionSet: InstructionSet
    ) {
        let workers = threads ?? ChipCore.processors
        precondition(workers >= 1, "a chip needs at least 1 thread, not \(workers)")
        self.profile = profile
        self.serial = serial
        self.workers = workers
        self.instructionSet = instructionSet
    }

    /// Who the chip is and what it can do.
    public var description: DeviceDescription {
        DeviceDescription(
            kind: .emulator, serial: serial, profile: profile.name, firmware: Self.firmware,
            geometry: profile.geometry, parameters: profile.parameters,
            effects: profile.effects, calibration: fingerprint)
    }

    /// Runs a batch.
    ///
    /// Throws `invalidRequest` where it does not fit the chip, `deviceFault` where memory does not suffice. Where
    /// spikes are not asked for, none are counted as produced.
    public mutating func run(_ batch: DeviceBatch) throws(DeviceError) -> Recording {
        var slices: [RecordingSlice] = []
        let totals = try run(batch, slicesOf: max(1, batch.inputs.entryCount)) { slices.append($0) }
        return Recording(joining: slices, totals: totals)
    }

    /// Runs a batch, `length` entries at a time, and hands each slice on when the next one begins; without entries, an
    /// empty one.
    ///
    /// Throws as above. Traps if `length` is below one.
    public mutating func run(
        _ batch: DeviceBatch, slicesOf length: Int, receive: (RecordingSlice) -> Void
    ) throws(DeviceError) -> RecordingTotals {
        try run(batch, slicesOf: length) { (slice: RecordingSlice?) in
            if let slice { receive(slice) }
            return true
        }
    }

    /// Runs a batch, `length` entries at a time, on a thread that has to see to other things, too.
    ///
    /// - Parameter attend: What the calling thread does besides, while the chip's other threads work: with each slice when
    ///   the next one has begun, with nothing when the first one has, and now and then. False gives the batch up.
    /// - Throws: As above, and `cancelled` where the batch is given up. Traps if `length` is below one.
    package mutating func run(
        _ batch: DeviceBatch, slicesOf length: Int, attend: (RecordingSlice?) -> Bool
    ) throws(DeviceError) -> RecordingTotals {
        precondition(length > 0, "slices of \(length) entries")
        // Threads set out while the batch is checked; but to write another network takes milliseconds.
        let count = batch.inputs.entryCount
        let threads = min(workers, max(1, count))
        let isConfigured = programmed?.hasNetwork(of: batch.configuration) ?? false
        let early = isConfigured ? Crew(threads: threads) : nil
        try BatchCheck(profile: profile, batch: batch).run()
        var model = ExecutionModel(profile: profile, batch: batch)
        let conditions = BatchConditions(
            profile: profile, serial: serial, noiseSeed: batch.configuration.noiseSeed,
            batch: batch.id, instructionSet: instructionSet)
        let (core, writing) = try program(batch, conditions, &model)
        let crew = early ?? Crew(threads: threads)
        if let writing { core.write(batch.synapses, over: writing.before, writing.error, instructionSet, by: crew) }
        let settings = chip_settings(
            batch, profile: profile, serial: serial, instructionSet: instructionSet)
        var accounting = EventAccounting()
        accounting.offered = UInt64(batch.inputs.eventCount)
        let membranes = batch.observables.membranes
        var done: RecordingSlice?
        for first in stride(from: 0, to: max(1, count), by: length) {
            let result = try core.run(first..<min(first + length, count), of: batch.inputs, settings, by: crew) {
                attend(done.take())
            }
            for outcome in result.outcomes {
                accounting.add(outcome)
                model.events += UInt64(outcome.accepted) + UInt64(outcome.spikes)
            }
            done = RecordingSlice(
                firstEntry: first, spikes: result.spikes,
                membranes: membranes.isEmpty
                    ? nil
                    : CADCRecording(
                        neurons: membranes, sampleCount: batch.configuration.sampleCount,
                        codes: result.codes),
                validity: result.outcomes.map { EntryValidity($0) })
        }
        if let done { _ = attend(done) }
        return RecordingTotals(
            batch: batch.id, accounting: accounting, execution: model.report,
            temperature: conditions.celsius)
    }

    /// Weights to write: over which others, nil for over none, and with which errors.
    private typealias Writing = (before: SynapseMatrix?, error: chip_write_error)

    /// A core that holds the batch's network, with its circuits as they are in this batch, and what is to be written for it
    /// to hold the batch's weights; nil if it does.
    private mutating func program(
        _ batch: DeviceBatch, _ conditions: BatchConditions, _ model: inout ExecutionModel
    ) throws(DeviceError) -> (core: ChipCore, writing: Writing?) {
        let configuration = batch.configuration
        model.configures = !(programmed?.hasNetwork(of: configuration) ?? false)
        model.writtenCodes =
            model.configures
            ? batch.synapses.codes.count : ChipCore.differences(batch.synapses, written)
        let programmer = ChipProgrammer(
            profile: profile, serial: serial, configuration: configuration)
        let fits =
            !model.configures && programmed?.samplePeriod == configuration.samplePeriod
            && (!profile.programming.isOn || programmed?.noiseSeed == configuration.noiseSeed)
        // A copy of this chip may use the same core: each owner writes and runs its own.
        if fits, isKnownUniquelyReferenced(&core), let core {
            let before = written
            written = batch.synapses
            let shifts = conditions.shifts(of: circuits, on: profile)
            let moves = shifts != self.shifts
            self.shifts = shifts
            if moves && profile.shiftsDynamics {
                programmer.write(circuits, shifts: shifts, core)
            } else if moves {
                programmer.writePotentials(circuits, shifts: shifts, core)
            }
            // The errors are those of the last write: their key is the noise seed's, where they are on.
            if moves && profile.shiftsDynamics { return (core, (nil, programmer.writeError)) }
            return (core, model.writtenCodes > 0 ? (before, programmer.writeError) : nil)
        }
        let fresh = try ChipCore(
            layout: ChipLayout(configuration, step: programmer.step), profile: profile,
            workers: workers)
        circuits = programmer.circuits()
        shifts = conditions.shifts(of: circuits, on: profile)
        programmer.write(circuits, shifts: shifts, fresh)
        programmer.writeSynapses(fresh)
        core = fresh
        programmed = configuration
        written = batch.synapses
        return (fresh, (nil, programmer.writeError))
    }

    /// A hash of profile and serial (FNV-1a, 64 bits), in hexadecimal.
    private var fingerprint: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(serial) \(profile)".utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0100_0000_01B3
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension BatchConditions {
    /// The shifts of circuits; empty on a chip without any.
    fileprivate func shifts(
        of circuits: [PlacedCircuit], on profile: ChipProfile
    ) -> [CircuitShift] {
        profile.shiftsCircuits ? shifts(of: circuits.map { UInt32($0.circuit.number) }) : []
    }
}

extension ChipConfiguration {
    /// Whether the analog parameters and connections are those of another configuration.
    fileprivate func hasNetwork(of other: ChipConfiguration) -> Bool {
        inputCount == other.inputCount && populations == other.populations
            && projections == other.projections
    }
}

extension EventAccounting {
    /// Adds the counts of an entry.
    fileprivate mutating func add(_ outcome: chip_outcome) {
        accepted += UInt64(outcome.accepted)
        droppedByInputLink += UInt64(outcome.dropped_link)
        droppedByDriver += UInt64(outcome.dropped_driver)
        produced += UInt64(outcome.produced)
        delivered += UInt64(outcome.event_count)
        droppedByArbitration += UInt64(outcome.dropped_arbitration)
        droppedByOutputLink += UInt64(outcome.dropped_output)
    }
}

extension EntryValidity {
    /// What is wrong with an entry.
    fileprivate init(_ outcome: chip_outcome) {
        self = []
        let lost =
            outcome.dropped_link + outcome.dropped_driver + outcome.dropped_arbitration
            + outcome.dropped_output
        if lost > 0 { insert(.fifoOverflow) }
        if outcome.saturated { insert(.saturated) }
    }
}
