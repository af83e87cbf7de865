import Substrate

/// A batch on its way, as the host sees it.
struct PendingBatch: Sendable {
    /// Where a batch is.
    enum State: Sendable, Hashable {
        /// To be sent, not before a time.
        case queued(notBefore: Duration)
        /// To be fetched: the device holds it since before the link was lost.
        case held
        /// Sent; EXECUTE has this request number.
        case sent(request: UInt64)
    }

    let batch: DeviceBatch
    /// The CONFIGURE payload.
    let configuration: [UInt8]
    let configurationHash: [UInt8]
    let imageChecksum: UInt32
    /// The STAGE payload for any slot.
    let stage: [UInt8]
    let contentHash: [UInt8]
    /// Entries of a slice that the caller wants, if it matters.
    let sliceLength: Int?
    /// What was asked for; chunks get shorter where a device's limits are found to be lower.
    var shape: ResultShape
    let submitted: Duration

    var state = State.queued(notBefore: .zero)
    var slot = 0
    /// Executions asked for, the current one included.
    var attempt: UInt32 = 0
    /// Whether the current sending asks for a result that the device holds, so that it is no execution of its own.
    var isFetch = false
    /// The request number of its first EXECUTE: the device may hold the batch under any number from there on.
    var firstRequest: UInt64?
    /// How often the device has lost it or could not run it as sent.
    var failures = 0
    /// Whether the device may have begun the current attempt.
    var wasSent = false
    /// The first thing that went wrong with the current sending, before EXECUTE was answered.
    var firstFailure: (status: WireStatus, fault: PBFault)?
    var assembly: ResultAssembly
    var cancelRequested = false
    var firstSent: Duration?
    /// When something last moved.
    var progress: Duration
    var report = LinkReport()

    init(
        _ batch: DeviceBatch, configuration: [UInt8], configurationHash: [UInt8],
        imageChecksum: UInt32, staged: StagedInputs?, sliceLength: Int?, chunkEntries: Int, now: Duration
    ) {
        self.batch = batch
        self.sliceLength = sliceLength
        self.configuration = configuration
        self.configurationHash = configurationHash
        self.imageChecksum = imageChecksum
        let block = SpikeBlock(
            unitCount: batch.configuration.inputCount, window: batch.configuration.window)
        if let staged, staged.batch == batch.id, staged.block == block, staged.inputs == batch.inputs {
            stage = staged.payload
        } else {
            stage = StagePayload(slot: 0, inputs: batch.inputs).encoded(block: block)
        }
        contentHash = ContentHash.batch(
            configurationHash: configurationHash, imageChecksum: imageChecksum,
            observables: batch.observables, block: stage[StagePayload.headByteCount...])
        shape = ResultShape(batch, chunkEntries: chunkEntries)
        assembly = ResultAssembly(batch: batch.id, shape: shape)
        submitted = now
        progress = now
    }

    /// The device has not begun what was sent.
    mutating func takeBackAttempt() {
        if !isFetch { attempt -= 1 }
    }

    /// The request number of EXECUTE, while it is out.
    var request: UInt64? {
        if case .sent(let request) = state { request } else { nil }
    }
}

/// Inputs that were sent ahead of the batch that they belong to.
struct StagedInputs: Sendable {
    /// The batch's number.
    let batch: UInt64
    /// The inputs, and for what units and ticks.
    let inputs: SpikeTrains
    let block: SpikeBlock
    /// The STAGE payload.
    let payload: [UInt8]
    /// The slot that they are in.
    let slot: Int
    /// Bytes of the frames that took them there.
    let frameBytes: Int
}

/// What a host waits for an answer to.
struct OutstandingRequest: Sendable {
    /// What was asked.
    enum Purpose: Sendable, Hashable {
        case hello
        case open
        case describe
        case acquire
        case renew
        case ping
        case preparation(batch: UInt64)
        case weights(batch: UInt64)
        case execute(batch: UInt64, slot: Int)
        case cancel(batch: UInt64)
        case health
        case close
    }

    let purpose: Purpose
    let sent: Duration
}

/// What a host knows of the state of the chip, once all that it has sent is done.
struct ChipKnowledge: Sendable {
    /// Hash of the configuration, if there is one.
    var configurationHash: [UInt8] = []
    /// Epoch of the image.
    var epoch: UInt32 = 0
    /// The image, if it is known.
    var image: [Int8]?
    /// CRC32C of the image.
    var imageChecksum: UInt32 = 0
}
