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
    /// A window ends when its traces are out of the chip: one byte of each column and sample passes the trace link
    /// while the entry runs, and what does not fit is counted as readback. Between entries the chip is reset.
    var report: ExecutionReport {
        let configuration = batch.configuration
        let timing = profile.timing
        let entries = Double(batch.inputs.entryCount)
        let tick = Double(ChipClock.tickPicoseconds) * 1e-12
        let window = Double(configuration.window) * tick
        let spacing = Double(configuration.entrySpacing) * tick
        let samples = batch.observables.membranes.isEmpty ? 0 : configuration.sampleCount
        let bytes = samples * timing.traceColumns
        let readback = max(0, Double(bytes) / timing.traceRate - window)
        let gap = max(timing.resetGap, spacing - window - readback)
        let perRun = bytes > 0 ? profile.geometry.traceMemoryBytes / bytes : Int.max
        let count = batch.inputs.entryCount
        let runs = count == 0 ? 0 : (count - 1) / max(1, perRun) + 1

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
}
