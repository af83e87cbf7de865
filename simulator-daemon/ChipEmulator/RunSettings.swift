import CChipKernels
import Substrate

extension chip_settings {
    /// What holds for all entries of a batch on a chip.
    init(
        _ batch: DeviceBatch, profile: ChipProfile, serial: UInt64,
        instructionSet: InstructionSet
    ) {
        let configuration = batch.configuration
        let membranes = batch.observables.membranes
        let samples = membranes.isEmpty ? 0 : configuration.sampleCount
        let stepsPerSample = profile.stepsPerSample(samplePeriod: configuration.samplePeriod)
        let scaled = configuration.window * stepsPerSample
        let inWindow = (scaled + configuration.samplePeriod - 1) / configuration.samplePeriod
        let ticksPerStep = Double(configuration.samplePeriod) / Double(stepsPerSample)
        let events = profile.events
        let trial = KeyedDraw(
            serial: serial, .trial, configuration.noiseSeed, batch.id)

        self.init()
        steps = UInt32(max(inWindow, (samples - 1) * stepsPerSample + 1))
        steps_per_sample = UInt32(stepsPerSample)
        sample_period = UInt32(configuration.samplePeriod)
        sample_count = UInt32(samples)
        window = UInt32(configuration.window)
        first_membrane = UInt32(membranes.lowerBound)
        membrane_count = UInt32(membranes.count)
        record_spikes = batch.observables.spikes
        resolve_ticks = profile.integration.resolution == .tick
        let inSteps = events.onChipDelay * ChipClock.ticksPerMicrosecond / ticksPerStep
        switch profile.integration.resolution {
        case .tick:
            delay = inSteps
            cyclic_delay = max(1, inSteps)
        case .step:
            delay = max(1, inSteps.rounded(.up))
            cyclic_delay = delay
        }
        chunk = UInt32(cyclic_delay)
        membrane_noise = profile.noise.membrane > 0
        threshold_noise = profile.noise.threshold > 0
        noise_memory = Float(profile.noise.memory(step: ticksPerStep / ChipClock.ticksPerMicrosecond))
        neighbour = Float(profile.crosstalk.neighbour)
        droop = Float(profile.crosstalk.droop)
        skewed = profile.converter.skew > 0
        converter_noise = Float(profile.converter.noise)
        samples_reference = batch.observables.reference != nil
        reference = Float(batch.observables.reference ?? 0)
        spike_time_noise = Float(
            profile.noise.spikeTime * 1_000 / Double(ChipClock.tickPicoseconds))
        input_link = events.inputLink.kernelServer
        driver_bus = events.driverBus.kernelServer
        arbiter = events.arbiter.kernelServer
        output_link = events.outputLink.kernelServer
        driver_buses = UInt32(events.driverBuses)
        quadrants = UInt32(events.quadrants)
        key = trial.key
        level = instructionSet.kernelLevel
    }
}

extension ChipProfile.EventPaths.Server {
    /// The server in the kernel's terms.
    fileprivate var kernelServer: chip_server {
        chip_server(
            service: rate > 0 ? ChipClock.ticksPerMicrosecond / rate : 0, depth: UInt32(depth))
    }
}
