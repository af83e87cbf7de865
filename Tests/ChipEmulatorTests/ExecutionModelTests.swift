import ChipEmulator
import Substrate
import Testing

/// What a batch costs: the published figures come out of a profile and a batch, part by part.
@Suite struct ExecutionModelTests {
    private static let tick = 8e-9

    /// A batch of a network of readouts with 256 inputs.
    ///
    /// - Parameters:
    ///   - window: in ticks of 8 ns.
    ///   - samples: of each entry; traces are recorded where it is not zero.
    ///   - period: of the samples, in ticks.
    ///   - spacing: of the entries, in ticks.
    ///   - events: input events of each entry.
    private func batch(
        entries: Int, window: Int, samples: Int = 0, period: Int = 212, spacing: Int = 0,
        events: Int = 0, code: Int8 = 0
    ) -> DeviceBatch {
        var configuration = TestBatch.single(
            .integrating, size: 10, inputs: 256, window: window, samples: samples)
        configuration.samplePeriod = period
        configuration.entrySpacing = spacing
        let entry = (0..<events).map { (2 + $0 * 7, $0 % 256) }
        var batch = TestBatch.batch(
            configuration, codes: Array(repeating: code, count: 2_560),
            entries: Array(repeating: entry, count: entries))
        if samples == 0 { batch.observables.membranes = 0..<0 }
        return batch
    }

    /// The costs of a batch on a chip that is configured already.
    private func costs(_ profile: ChipProfile, _ batch: DeviceBatch) throws -> ExecutionReport {
        var chip = EmulatedChip(profile: profile, serial: 1, threads: 1)
        _ = try chip.run(batch)
        return try chip.run(batch).execution
    }

    private func expect(_ value: Double, _ wanted: Double, within share: Double = 0.005, _ what: String) {
        #expect(abs(value / wanted - 1) <= share, "\(what): \(value), not \(wanted)")
    }

    /// Events of a pattern of the reference network, `mnist16` as measured after an epoch: 56 input and 57 hidden spikes.
    private static let events = 113

    @Test func inferenceAsFirstPublished() throws {
        let report = try costs(.standard, batch(entries: 1_000, window: 1_250, events: Self.events))
        let period = report.chipSeconds / 1_000
        expect(period, 14.3e-6, "time of a pattern, in s")
        expect(1 / period, 70_000, "patterns a second")
        expect(report.energy / report.chipSeconds, 0.3, within: 0.01, "power, in W")
        expect(report.energy / 1_000, 4.3e-6, within: 0.01, "energy of a pattern, in J")
        expect(report.windowSeconds / 1_000, 10e-6, "window, in s")
        #expect(report.configurationSeconds == 0 && report.weightSeconds == 0 && report.readbackSeconds == 0)
        #expect(report.sampleEnergy == 0)
    }

    @Test func inferenceAsLaterPublished() throws {
        let fast = try #require(ChipProfile.named("bss2-fast"))
        let report = try costs(fast, batch(entries: 1_000, window: 1_250, events: Self.events))
        let period = report.chipSeconds / 1_000
        expect(period, 11.8e-6, "time of a pattern, in s")
        expect(1 / period, 84_700, "patterns a second")
        expect(report.energy / report.chipSeconds, 0.2, within: 0.01, "power, in W")
        expect(report.energy / 1_000, 2.4e-6, within: 0.02, "energy of a pattern, in J")
    }

    @Test func trainingWithFullTraces() throws {
        // 33.92 us of window in 200 us, 20 samples of 256 columns: 25 patterns fill the trace memory.
        func report(_ entries: Int) throws -> ExecutionReport {
            try costs(.standard, batch(entries: entries, window: 4_240, samples: 20, spacing: 25_000))
        }
        let hundred = try report(100)
        let overhead = ChipProfile.standard.timing.runOverhead
        expect(hundred.chipSeconds, 100 * 200e-6 + 4 * overhead, within: 1e-9, "100 patterns in 4 runs, in s")
        expect(100 / hundred.chipSeconds, 5_000, "patterns a second")
        #expect(hundred.readbackSeconds == 0, "traces of 34 us pass the link in the 200 us")
        // The 26th pattern begins a second run.
        let (full, more) = (try report(25).chipSeconds, try report(26).chipSeconds)
        expect(more - full, 200e-6 + overhead, within: 1e-9, "the 26th pattern, in s")
    }

    @Test func theTraceStreamLimitsTheRate() throws {
        // 20 samples of 256 columns as fast as the CADC can: 5120 bytes in windows of 10.9 us.
        let report = try costs(.standard, batch(entries: 1_000, window: 1_360, samples: 20, period: 68))
        let runs = 40.0
        let stream = report.chipSeconds - runs * ChipProfile.standard.timing.runOverhead
        expect(1_000 / stream, 151e6 / 5_120, within: 1e-9, "patterns a second on the stream")
        expect(1_000 / stream, 29_000, within: 0.02, "patterns a second")
        let beyond = 1_000 * (5_120 / 151e6 - 1_360 * Self.tick - 4.3e-6)
        expect(report.readbackSeconds, beyond, within: 1e-9, "readback, in s")
        expect(
            report.sampleEnergy, 1_000 * 5_120 * ChipProfile.standard.energy.conversion, within: 1e-9,
            "energy of the conversions, in J")
    }

    @Test func configurationAndWeightsCostWhatIsWritten() throws {
        var chip = EmulatedChip(profile: .standard, serial: 1, threads: 1)
        let first = try chip.run(batch(entries: 1, window: 1_250)).execution
        expect(first.configurationSeconds, 0.02, within: 1e-12, "settling, in s")
        expect(first.weightSeconds, 2_560 / 125e6, within: 1e-12, "all weights, in s")
        var changed = batch(entries: 1, window: 1_250)
        for index in 0..<100 { changed.synapses.codes[index * 7] = 5 }
        let second = try chip.run(changed).execution
        #expect(second.configurationSeconds == 0)
        expect(second.weightSeconds, 100 / 125e6, within: 1e-12, "the weights that changed, in s")
        // Codes of neuron parameters are written and settle like everything else of the configuration.
        let targets = changed.configuration.populations[0].targets
        let code = NeuronCodes(
            leak: 240, reset: 240, threshold: 450, tauMem: 500, tauSynExcitatory: 500, tauSynInhibitory: 500,
            refractory: 300, synapticGain: 600, cadcOffset: 0)
        changed.configuration.populations[0] = .init(
            kind: .integrating, size: 10, targets: targets, codes: Array(repeating: code, count: 10))
        expect(try chip.run(changed).execution.configurationSeconds, 0.02, within: 1e-12, "codes, in s")
    }

    @Test func everyChangeOfManyIsCounted() throws {
        // More codes than bytes count to, lane by lane, and some left over.
        let count = 255 * 243
        let configuration = TestBatch.single(.integrating, size: 243, inputs: 255, window: 1_250, samples: 0)
        var batch = TestBatch.batch(configuration, codes: Array(repeating: 0, count: count), entries: [[]])
        batch.observables.membranes = 0..<0
        var chip = EmulatedChip(profile: .standard, serial: 1, threads: 1)
        _ = try chip.run(batch)
        for (step, code) in [(1, 1), (3, 2), (7, 3), (61_964, 4)] as [(Int, Int8)] {
            let changed = stride(from: 0, to: count, by: step)
            for index in changed { batch.synapses.codes[index] = code }
            expect(
                try chip.run(batch).execution.weightSeconds, Double(Array(changed).count) / 125e6, within: 1e-12,
                "every \(step)th of \(count) weights, in s")
        }
    }

    @Test func powerIsSplitByWhatIsDone() throws {
        let energy = ChipProfile.standard.energy
        let report = try costs(.standard, batch(entries: 50, window: 4_240, samples: 20, events: 30))
        expect(report.staticEnergy, energy.staticPower * report.chipSeconds, within: 1e-12, "static, in J")
        expect(report.eventEnergy, energy.event * 50 * 30, within: 1e-12, "events, in J")
        expect(report.sampleEnergy, energy.conversion * 50 * 20 * 256, within: 1e-12, "samples, in J")
        expect(
            report.energy, report.staticEnergy + report.eventEnergy + report.sampleEnergy, within: 1e-12, "sum")
    }
}
