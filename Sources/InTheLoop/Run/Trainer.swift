public import Foundation
public import SpikeData
public import SpikingNetworks
public import Substrate

/// A run under way: an experiment, its data, its device if it has one, and how far it has come.
public struct Trainer: Sendable {
    /// What of the events a device may lose in a batch before the run stops.
    public static let tolerableLoss = 0.01

    /// The network as it is now.
    public private(set) var network: Network
    /// How far the run has come.
    public private(set) var progress = RunProgress()
    /// The device; nil in software.
    public let description: DeviceDescription?
    /// Where the network sits on the chip; in software, where it would sit on one without limits.
    public private(set) var placement: Placement
    /// The calibrations whose codes the chip runs on; nil where none is needed.
    public private(set) var calibrations: CalibrationSet?

    /// Who worked when in the steps that `watch` named, as far as they are done; nil before.
    public private(set) var timeline: LoopTimeline?
    private var watched = 0..<0

    private let experiment: Experiment
    private let encoder: any SpikeEncoder
    private let training: DataSet
    private let encoded: EncodedDataSet
    private let test: EncodedDataSet
    private let alignment: Alignment
    private let mapping: WeightMapping
    private let device: (any SpikingDevice)?
    private let threads: Int
    private var isKnownStale = false
    private var rule: SurrogateGradientRule

    /// Sets a run up: encodes the data, draws the weights, places the network on the chip.
    ///
    /// - Parameters:
    ///   - experiment: what to run.
    ///   - data: the data set that it names.
    ///   - device: what runs the forward passes; nil for software.
    ///   - calibrations: those of the device for the experiment's targets; nil for a chip that needs none.
    ///   - threads: threads of the host's kernels, by default one for each core; results do not depend on it.
    /// - Throws: `MappingError` if the network does not fit, `DeviceError` if the device does not answer.
    public init(
        _ experiment: Experiment, data: DataSplits, device: (any SpikingDevice)?,
        calibrations: CalibrationSet? = nil, threads: Int = ProcessInfo.processInfo.activeProcessorCount
    ) async throws {
        self.experiment = experiment
        description = try await device?.describe()
        let geometry = description?.geometry ?? .brainScaleS2
        if device != nil, experiment.training.batchSize > geometry.maximumEntriesPerBatch {
            throw MappingError(
                resource: "patterns in a batch", needed: experiment.training.batchSize,
                available: geometry.maximumEntriesPerBatch, remedy: "Lower training.batch_size.")
        }
        let limit = experiment.data.trainingSamples
        training = limit > 0 ? data.train.prefix(limit) : data.train
        let setup = ExperimentSetup(
            experiment, featureCount: training.featureCount, classCount: training.classCount,
            weightLimit: geometry.weightLimit, threads: threads)
        network = setup.network
        rule = setup.rule
        encoder = setup.encoder
        placement = try Placement(
            setup.network, on: description?.geometry, chip: experiment.chip,
            hiddenScale: experiment.mapping.hiddenScale(weightLimit: geometry.weightLimit),
            noiseSeed: experiment.seed)
        alignment = Alignment(
            placement, grid: experiment.grid, chip: experiment.chip,
            hiddenScale: experiment.mapping.hiddenScale(weightLimit: geometry.weightLimit),
            spikeMembrane: experiment.graph.spikeMembrane, threads: threads)
        mapping = setup.mapping
        self.device = device
        self.threads = threads
        encoded = EncodedDataSet(training, encoder: setup.encoder)
        test = EncodedDataSet(data.test, encoder: setup.encoder)
        if let calibrations { use(calibrations) }
    }

    private var step: TrainingStep {
        TrainingStep(placement: placement, alignment: alignment, mapping: mapping, device: device)
    }

    private var evaluation: Evaluation {
        Evaluation(
            placement: placement, alignment: alignment, mapping: mapping, device: device,
            entriesPerBatch: (description?.geometry ?? .brainScaleS2).maximumEntriesPerBatch,
            loss: rule.loss, threads: threads)
    }

    /// Runs on the codes of calibrations from here on.
    private mutating func use(_ calibrations: CalibrationSet) {
        guard let geometry = description?.geometry else { return }
        self.calibrations = calibrations
        progress.calibrations = calibrations.results.map(\.contentHash)
        placement.write(calibrations, on: geometry)
    }

    /// Notes who works when in so many steps in the middle of the next epoch that is done to there.
    public mutating func watch(steps count: Int) {
        let size = experiment.training.batchSize
        let all = (encoded.count + size - 1) / size
        let first = max(progress.stepInEpoch, min(all / 2, all - count))
        watched = first..<max(first, min(first + count, all))
        timeline = nil
    }

    /// Training patterns of an epoch.
    public var patternsPerEpoch: Int { encoded.count }
    /// Mean input events of a training pattern.
    public var eventsPerPattern: Double { encoded.meanEventCount }

    /// Goes back to where a checkpoint was taken.
    ///
    /// - Throws: `mismatch` if it is of another network.
    public mutating func restore(_ checkpoint: Checkpoint, source: String) throws(RunError) {
        try checkpoint.restore(&network, source: source)
        rule.state = checkpoint.rule
        progress = checkpoint.progress
        progress.calibrations = calibrations?.results.map(\.contentHash) ?? []
    }

    /// The run as it stands.
    public var checkpoint: Checkpoint {
        Checkpoint(
            network: network, rule: rule.state, progress: progress,
            device: description.map { "\($0.kind.rawValue) \($0.profile) serial \($0.serial)" })
    }

    /// The run so far, summed up.
    public var summary: RunSummary {
        RunSummary(experiment: experiment, progress: progress, device: description)
    }

    // MARK: Training

    /// Trains to the last epoch, or until the observer asks to stop; checkpoints go to the folder.
    ///
    /// - Returns: whether the last epoch is done.
    /// - Throws: `DeviceError` and `RunError`; the folder then holds the last checkpoint.
    public mutating func train(
        folder: RunFolder, observer: some TrainingObserver
    ) async throws -> Bool {
        let log = try folder.metricsLog(after: progress.step)
        while progress.epoch < experiment.training.epochs {
            let finished = try await trainEpoch(folder: folder, log: log, observer: observer)
            try log.flush()
            guard finished else {
                try folder.save(checkpoint)
                return false
            }
            try save(folder, observer: observer)
        }
        try folder.save(checkpoint)
        return true
    }

    /// Saves a checkpoint at an epoch's end; a full disk costs the checkpoint, not the run.
    private func save(_ folder: RunFolder, observer: some TrainingObserver) throws(RunError) {
        do {
            try folder.save(checkpoint)
        } catch {
            guard error.code == .io, progress.epoch < experiment.training.epochs else { throw error }
            observer.warned("no checkpoint after epoch \(progress.epoch): \(error)")
        }
    }

    private mutating func trainEpoch(
        folder: RunFolder, log: MetricsLog, observer: some TrainingObserver
    ) async throws -> Bool {
        let batches = minibatches(of: epochData(), sliceLength: experiment.training.slice)
        let finished = try await withTaskExecutorPreference(device?.hostExecutor) {
            try await trainSteps(batches, folder: folder, log: log, observer: observer)
        }
        if finished { try await endEpoch(log: log, observer: observer) }
        return finished
    }

    /// Trains to the end of the epoch, or until the observer asks to stop; returns whether the epoch is done.
    private mutating func trainSteps(
        _ batches: MinibatchQueue, folder: RunFolder, log: MetricsLog, observer: some TrainingObserver
    ) async throws -> Bool {
        while progress.stepInEpoch < batches.count {
            try await trainStep(batches, log: log)
            try await tendCalibration(folder: folder, observer: observer)
            observer.stepped(
                StepReport(
                    epoch: progress.epoch + 1, epochs: experiment.training.epochs,
                    stepInEpoch: progress.stepInEpoch, stepsPerEpoch: batches.count,
                    sums: progress.epochSums, totals: progress.totals))
            if observer.shouldStop { return false }
        }
        return true
    }

    /// The training set of the present epoch, rotated anew where the experiment says so.
    private func epochData() -> EncodedDataSet {
        guard experiment.training.rotationDegrees > 0, let shape = training.imageShape else {
            return encoded
        }
        return EncodedDataSet(
            training, encoder: encoder,
            augmentation: RandomRotation(
                shape: shape, maximumDegrees: experiment.training.rotationDegrees,
                seed: experiment.seed, epoch: progress.epoch))
    }

    /// The minibatches of the present epoch, in slices of `sliceLength` entries.
    private func minibatches(of data: EncodedDataSet, sliceLength: Int) -> MinibatchQueue {
        let training = experiment.training
        let (network, seed) = (network, experiment.seed)
        let firstStep = progress.step - progress.stepInEpoch
        return MinibatchQueue(
            Minibatches(
                count: data.count, size: training.batchSize, seed: seed, epoch: progress.epoch),
            of: data, alignment: alignment, sliceLength: sliceLength
        ) { index in
            DropoutMask(
                network, probability: training.dropout, seed: seed, step: firstStep + index)
        }
    }

    private mutating func trainStep(_ batches: MinibatchQueue, log: MetricsLog) async throws {
        var clock = StepClock()
        let minibatch = batches.take(progress.stepInEpoch)
        clock.end(.encode)
        let (next, number, configuration) = (
            progress.stepInEpoch + 1, progress.nextBatch + 1, placement.configuration
        )
        let result = try await step.run(
            &network, rule: &rule, minibatch: minibatch, batch: progress.nextBatch, clock: &clock
        ) {
            batches.prepare(next).map { ExpectedInputs($0, of: number, on: configuration) }
        }
        let patterns = minibatch.labels.count
        var sums = StepSums()
        sums.patterns = patterns
        sums.loss = result.outcome.loss * Double(patterns)
        sums.correct = result.outcome.correct
        sums.hiddenSpikes = result.outcome.hiddenSpikes
        sums.saturatedWeights = result.saturated
        if let totals = result.totals {
            try check(totals)
            sums.hiddenSpikes = Int(totals.accounting.produced)
            progress.totals.accounting += totals.accounting
            progress.totals.training += totals.execution
            progress.totals.saturatedEntries += result.saturatedEntries
        }
        progress.epochSums += sums
        progress.totals.trainingPatterns += patterns
        progress.totals.add(clock, visit: result.visit)
        if watched.contains(progress.stepInEpoch) {
            var timeline = timeline ?? LoopTimeline(from: progress.stepInEpoch)
            timeline.add(clock, visit: result.visit, prepared: batches.lastGathering)
            self.timeline = timeline
            watched = progress.stepInEpoch + 1..<watched.upperBound
        }
        progress.nextBatch += 1
        progress.step += 1
        progress.stepInEpoch += 1
        try log.append(
            MetricsLog.Line(
                kind: .step, step: progress.step, epoch: progress.epoch + 1, loss: result.outcome.loss,
                accuracy: sums.accuracy, spikesPerPattern: sums.spikesPerPattern,
                saturatedWeights: result.saturated, droppedEvents: result.totals?.accounting.dropped,
                chipSeconds: result.totals?.execution.chipSeconds))
    }

    /// Applies the policy on lost events: some are counted, many stop the run.
    private func check(_ totals: RecordingTotals) throws(RunError) {
        let accounting = totals.accounting
        let events = accounting.offered + accounting.produced
        guard Double(accounting.dropped) > Self.tolerableLoss * Double(events) else { return }
        throw RunError(
            .losses,
            "batch \(totals.batch): the device lost \(accounting.dropped) of \(events) events "
                + "(input link \(accounting.droppedByInputLink), drivers \(accounting.droppedByDriver), "
                + "arbitration \(accounting.droppedByArbitration), output link \(accounting.droppedByOutputLink)), "
                + "more than \(Self.tolerableLoss * 100) %.",
            remedy: "Lower the activity (objective.burst) or spread the inputs over more time.")
    }

    private mutating func endEpoch(
        log: MetricsLog, observer: some TrainingObserver
    ) async throws {
        rule.endEpoch()
        let found = try await evaluate(observer: observer)
        let report = EpochReport(
            epoch: progress.epoch + 1, loss: progress.epochSums.meanLoss,
            trainingAccuracy: progress.epochSums.accuracy, testAccuracy: found.accuracy,
            spikesPerPattern: progress.epochSums.spikesPerPattern,
            saturatedWeights: progress.epochSums.saturatedWeights)
        progress.history.append(report)
        progress.epoch += 1
        progress.stepInEpoch = 0
        progress.epochSums = StepSums()
        try log.append(
            MetricsLog.Line(
                kind: .epoch, step: progress.step, epoch: report.epoch, loss: report.loss,
                accuracy: report.trainingAccuracy, spikesPerPattern: report.spikesPerPattern,
                saturatedWeights: report.saturatedWeights, testAccuracy: report.testAccuracy))
        observer.finishedEpoch(report, totals: progress.totals)
    }

    // MARK: Calibration

    /// Looks now and then whether the calibrations still fit, and does what the experiment says where they do not.
    ///
    /// Probes and calibrations take their numbers from the run's batches, so that a resumed run sees the same.
    ///
    /// - Throws: `stale` where the policy is to stop; a checkpoint is saved before.
    private mutating func tendCalibration(
        folder: RunFolder, observer: some TrainingObserver
    ) async throws {
        let every = experiment.chip.probeEvery
        guard every > 0, progress.step % every == 0, let device, let description, let calibrations else {
            return
        }
        let start = ContinuousClock.now
        defer { progress.totals.calibrationSeconds += start.duration(to: .now).seconds }
        var moved: [CalibratedParameter] = []
        for calibration in calibrations.results {
            let probe = try CalibrationProbe(
                device, description: description, calibration: calibration, noiseSeed: experiment.seed)
            let report = try await probe.run(nextBatch: &progress.nextBatch)
            progress.totals.probes += 1
            progress.totals.calibrationChipSeconds += report.chipSeconds
            moved += report.movedParameters
        }
        guard !moved.isEmpty else { return }
        let what = moved.map(\.name).joined(separator: ", ")
        let story = "the chip has moved away from its calibration (\(what)) at step \(progress.step)"
        switch experiment.chip.whenStale {
        case .warn:
            if !isKnownStale { observer.warned("\(story); going on with it, as chip.when_stale says") }
            isKnownStale = true
        case .stop:
            try folder.save(checkpoint)
            throw RunError(
                .stale, "\(story).",
                remedy: "Go on with a new one by setting chip.when_stale to recalibrate in the run's experiment.yaml.")
        case .recalibrate:
            let fresh = try await CalibrationSet(
                for: calibrations.results.map(\.targets), on: device, description: description,
                cache: nil, noiseSeed: experiment.seed, nextBatch: &progress.nextBatch, date: .now)
            progress.totals.recalibrations += 1
            progress.totals.calibrationChipSeconds += fresh.results.reduce(0) { $0 + $1.chipSeconds }
            try folder.save(fresh)
            use(fresh)
            observer.warned("\(story); calibrated it again")
        }
    }

    // MARK: Evaluation

    /// Evaluates the network on the test set.
    public mutating func evaluate(
        observer: some TrainingObserver
    ) async throws -> Evaluation.Report {
        let total = test.count
        var batch = progress.nextBatch
        let report = try await evaluation.run(network, on: test, nextBatch: &batch) { done in
            observer.evaluated(patterns: done, of: total)
        }
        progress.nextBatch = batch
        progress.totals.evaluatedPatterns += report.patterns
        progress.totals.evaluationSeconds += report.seconds
        progress.totals.accounting += report.accounting
        progress.totals.evaluation += report.execution
        return report
    }

    /// Runs one minibatch as the next step would, and returns all that went into it and came out of it.
    public func gradientExport() async throws -> GradientExport {
        let minibatch = minibatches(of: encoded, sliceLength: experiment.training.batchSize)
            .take(progress.stepInEpoch)
        var copy = network
        var probe = GradientProbe(rule: rule)
        var clock = StepClock()
        _ = try await step.run(
            &copy, rule: &probe, minibatch: minibatch, batch: progress.nextBatch, clock: &clock)
        guard let part = probe.part else { preconditionFailure("a step that the rule was not asked about") }
        return GradientExport(network: network, rule: rule, part: part)
    }
}
