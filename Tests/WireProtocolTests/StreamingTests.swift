import Substrate
import Testing
import WireProtocol

/// Results that arrive while the chip still runs, and inputs that arrive before their turn.
@Suite struct StreamingTests {
    /// A batch of four entries in slices of one, with spikes and membranes.
    private static let batch = Samples.batch(3)

    private func slices(of batch: DeviceBatch, length: Int = 1) -> [RecordingSlice] {
        Samples.recording(batch).slices(of: length)
    }

    private func begun() -> (bench: Bench, host: Int) {
        var bench = Bench()
        let host = bench.add(Samples.host())
        bench.submit(Self.batch, slicesOf: 1, to: host)
        return (bench, host)
    }

    private func types(_ bench: Bench) throws -> [MessageType] {
        try bench.tape.filter(\.fromHost).compactMap {
            MessageType(rawValue: try FrameHeader(parsing: $0.frame).type)
        }
    }

    @Test func slicesReachTheHostWhileTheChipRuns() {
        var (bench, host) = begun()
        #expect(bench.jobs.map(\.length) == [1])
        for (index, slice) in slices(of: Self.batch).enumerated() {
            bench.advance(slice)
            #expect(bench.slices.count(of: 3) == index + 1)
        }
        #expect(bench.delivered.isEmpty, "nothing counts before the totals")
        bench.complete()
        #expect(bench.delivered[host] == [3])
        #expect(bench.recordings[3] == Samples.recording(Self.batch))
    }

    @Test func aLinkThatDiesAmongSlicesBringsThemAgainFromTheFirst() {
        var (bench, host) = begun()
        let slices = slices(of: Self.batch)
        bench.advance(slices[0])
        bench.advance(slices[1])
        bench.reset(host)
        #expect(bench.slices.count(of: 3) == 2, "what the device has is sent again")
        for slice in slices.dropFirst(2) { bench.advance(slice) }
        bench.complete()
        #expect(bench.delivered[host] == [3])
        #expect(bench.recordings[3] == Samples.recording(Self.batch))
        #expect(bench.device.health(now: bench.now).jobsExecuted == 1)
        #expect(bench.duplicates == 0)
    }

    @Test func aDeviceThatRestartsAmongSlicesVoidsThem() {
        var (bench, host) = begun()
        bench.advance(slices(of: Self.batch)[0])
        bench.restartDevice(boot: 2)
        bench.advance(.seconds(2), hosts: [host])
        #expect(bench.jobs.map(\.key.attempt) == [2])
        bench.finish()
        #expect(bench.delivered[host] == [3])
        #expect(bench.recordings[3] == Samples.recording(Self.batch))
    }

    @Test func aBatchCancelledAmongSlicesEndsAndTheNextOneRuns() {
        var (bench, host) = begun()
        let slices = slices(of: Self.batch)
        bench.advance(slices[0])
        bench.cancel(3, on: host)
        #expect(bench.failures.map(\.error.code) == [.cancelled])
        #expect(bench.cancelled.map(\.batch) == [3])
        bench.advance(slices[1])
        #expect(bench.slices.count(of: 3) == 1, "a slice of a cancelled batch is nobody's")
        bench.complete(.failure(DeviceError(.cancelled, "given up")))
        bench.submit(Samples.batch(4), to: host)
        bench.finish()
        #expect(bench.delivered[host] == [4])
    }

    @Test func aChipThatFailsAmongSlicesGivesNoRecording() {
        var (bench, host) = begun()
        bench.advance(slices(of: Self.batch)[0])
        bench.complete(.failure(DeviceError(.deviceFault, "the supply is low")))
        #expect(bench.failures.map(\.error.code) == [.deviceFault])
        #expect(bench.delivered[host] == nil)
    }

    @Test func aChipThatEndsBeforeItsLastEntryIsFaulty() {
        var (bench, _) = begun()
        bench.advance(slices(of: Self.batch)[0])
        bench.complete()
        #expect(bench.failures.map(\.error.code) == [.deviceFault])
        #expect(bench.failures.first?.error.detail.contains("before its last entry") == true)
    }

    @Test func aSliceOutOfTurnEndsTheBatchAtOnce() {
        var (bench, host) = begun()
        bench.advance(slices(of: Self.batch)[1])
        #expect(bench.failures.map(\.error.code) == [.deviceFault])
        #expect(bench.cancelled.map(\.batch) == [3])
        bench.complete(.failure(DeviceError(.cancelled, "given up")))
        bench.submit(Samples.batch(4), to: host)
        bench.finish()
        #expect(bench.delivered[host] == [4])
    }

    @Test func recordingsAreTheSameForSlicesOfAnyLength() {
        for length in 1...6 {
            var bench = Bench()
            let host = bench.add(Samples.host())
            bench.submit(Self.batch, slicesOf: length, to: host)
            #expect(bench.jobs.first?.length == length)
            bench.finish()
            #expect(bench.recordings[3] == Samples.recording(Self.batch), "slices of \(length)")
        }
    }

    @Test func slicesThatNoFrameCouldHoldTravelInEqualParts() {
        var configuration = Samples.host()
        configuration.limits.framePayload = 2_048
        var wide = Samples.configuration
        wide.sampleCount = 60
        var bench = Bench()
        let host = bench.add(configuration)
        bench.submit(Samples.batch(3, configuration: wide), slicesOf: 12, to: host)
        // 2,048 bytes hold five entries of 60 samples of 5 columns, 6 spikes and a head; a divisor of 12 below is 4.
        #expect(bench.jobs.first?.length == 4)
    }

    // MARK: Inputs ahead of their batch

    /// A session that has run batch 4 and was told the inputs of batch 5.
    private func expecting(_ inputs: SpikeTrains) -> (bench: Bench, host: Int) {
        var bench = Bench()
        let host = bench.add(Samples.host())
        bench.submit(Samples.batch(4), to: host)
        bench.expect(inputs, of: 5, on: host)
        bench.finish()
        bench.tape = []
        return (bench, host)
    }

    @Test func inputsThatWereSentAheadTravelOnce() throws {
        var (bench, host) = expecting(Samples.batch(5).inputs)
        bench.submit(Samples.batch(5), to: host)
        #expect(try !types(bench).contains(.stage))
        bench.finish()
        #expect(bench.recordings[5] == Samples.recording(Samples.batch(5)))
    }

    @Test func otherInputsThanWereExpectedAreSent() throws {
        var (bench, host) = expecting(Samples.batch(6).inputs)
        bench.submit(Samples.batch(5), to: host)
        #expect(try types(bench).contains(.stage))
        bench.finish()
        #expect(bench.recordings[5] == Samples.recording(Samples.batch(5)))
    }

    @Test func anotherBatchMayComeInsteadOfTheExpectedOne() throws {
        var (bench, host) = expecting(Samples.batch(5).inputs)
        for id in [6, 7, 5] as [UInt64] {
            bench.submit(Samples.batch(id), to: host)
            bench.finish()
            #expect(bench.recordings[id] == Samples.recording(Samples.batch(id)), "batch \(id)")
        }
        #expect(try types(bench).count { $0 == .stage } == 2)
    }

    @Test func inputsSentAheadMakeRoomForBatches() throws {
        var (bench, host) = expecting(Samples.batch(5).inputs)
        for id in [6, 7] as [UInt64] { bench.submit(Samples.batch(id), to: host) }
        #expect(try types(bench).count { $0 == .execute } == 2, "both slots are taken")
        while !bench.jobs.isEmpty { bench.finish() }
        bench.submit(Samples.batch(5), to: host)
        bench.finish()
        #expect(bench.delivered[host] == [4, 6, 7, 5])
        #expect(bench.recordings[5] == Samples.recording(Samples.batch(5)))
    }

    @Test func aLostLinkForgetsInputsThatWereSentAhead() throws {
        var (bench, host) = expecting(Samples.batch(5).inputs)
        bench.reset(host)
        bench.submit(Samples.batch(5), to: host)
        #expect(try types(bench).contains(.stage))
        bench.finish()
        #expect(bench.recordings[5] == Samples.recording(Samples.batch(5)))
    }

    @Test func inputsThatDoNotFitTheConfigurationStayHere() throws {
        let (bench, _) = expecting(SpikeTrains(ends: [1], events: [SpikeEvent(tick: 1, unit: 5)]))
        #expect(bench.failures.isEmpty)
        var other = Bench()
        let host = other.add(Samples.host())
        other.tape = []
        other.expect(Samples.batch(5).inputs, of: 5, on: host)
        #expect(try types(other).isEmpty, "there is no lease and no configuration yet")
    }
}
