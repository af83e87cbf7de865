import Substrate

/// What a batch costs on the chip: time and energy as functions of what was done.
struct ExecutionModel {
    /// The chip.
    let profile: ChipProfile
    /// The batch.
    let batch: DeviceBatch
    /// Whether analog parameters or connections had to be written.
    var configures = false
    /// Weight codes that had to be written.
    var writtenCodes = 0
    /// Input events that reached the synapses, and spikes.
    var events: UInt64 = 0

    /// The parts, in seconds and joules; the time on the host's clock is left at zero.
    ///
    /// - An entry takes the longest of three times: its window and the reset after it; the spacing that was asked for;
    ///   and the time that its traces need on the trace link, a byte of each column and sample, which streams through
    ///   windows and gaps. The window, the gap and what the link needs beyond them are told apart.
    /// - A device run ends where the trace memory is full; what its start and end take counts as gap.
    /// - Parameters settle after each change of the network's configuration; of weights those that changed are written.
    var report: ExecutionReport {
        let timing = profile.timing
        let entries = Double(batch.inputs.entryCount)
        let window = Double(batch.configuration.window) * Self.tick
        let spacing = Double(batch.configuration.entrySpacing) * Self.tick
        let gap = max(timing.resetGap, spacing - window)
        let bytes = traceBytes
        let readback = max(0, Double(bytes) / timing.traceRate - window - gap)

        var report = ExecutionReport()
        report.configurationSeconds = configures ? timing.settling : 0
        report.weightSeconds = Double(writtenCodes) / timing.weightRate
        report.windowSeconds = entries * window
        report.gapSeconds = entries * gap + Double(runs) * timing.runOverhead
        report.readbackSeconds = entries * readback
        report.staticEnergy = profile.energy.staticPower * report.chipSeconds
        report.eventEnergy = profile.energy.event * Double(events)
        report.sampleEnergy = profile.energy.conversion * entries * Double(bytes)
        return report
    }

    /// A tick, in seconds.
    private static let tick = Double(ChipClock.tickPicoseconds) * 1e-12

    /// Bytes that the traces of an entry take: the converter samples all columns, whatever is asked for.
    private var traceBytes: Int {
        batch.observables.membranes.isEmpty
            ? 0 : batch.configuration.sampleCount * profile.timing.traceColumns
    }

    /// Device runs that the batch takes, as many entries each as the trace memory holds.
    private var runs: Int {
        let count = batch.inputs.entryCount
        guard count > 0 else { return 0 }
        guard traceBytes > 0 else { return 1 }
        let perRun = max(1, profile.geometry.traceMemoryBytes / traceBytes)
        return (count - 1) / perRun + 1
    }
}
