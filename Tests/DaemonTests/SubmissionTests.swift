import DeviceClient
import DeviceTransport
import Glibc
import Substrate
import Synchronization
import Testing
import WireProtocol
import ZeroMQDriver

extension DaemonTests {
    /// Batches that are submitted while another runs.
    @Suite struct SubmissionTests {
        @Test func aBatchLeavesAtOnceThoughTheLinkWaitsForTheResultOfAnother() async throws {
            let daemon = try TestDaemon(on: TestDaemon.freshAddress(), ["--mode", "paced"])
            let journal = Journal()
            let address = daemon.address
            let options = RemoteDeviceOptions(runID: RunID(high: .random(in: 0...(.max)), low: 1), label: "test")
            let client = RemoteDevice(named: address.description, options: options) {
                patience throws(TransportError) in
                PatientTransport(try LocalTransport(connecting: address, patience: patience), journal)
            }
            _ = try await client.run(SmallExperiment.batch(1))
            // 200 entries spaced by 10 ms: two seconds, in which the link's thread would wait.
            async let running = client.run(SmallExperiment.batch(2, entries: 200, entrySpacing: 1_250_000))
            let observer = makeClient(of: address)
            try await waitForWork(of: observer)
            async let waiting = client.run(SmallExperiment.batch(3))
            #expect(try await (running.batch, waiting.batch) == (2, 3))
            let frames = journal.frames.withLock { $0 }
            let requests = frames.indices.filter { frames[$0] == .sent(MessageType.execute.rawValue) }
            let results = frames.indices.filter { frames[$0] == .received(MessageType.result.rawValue) }
            try #require(requests.count == 3 && results.count >= 3, "\(frames)")
            #expect(requests[2] < results[1], "batch 3 was asked for when the result of batch 2 had come: \(frames)")
            await client.close()
            await observer.close()
            #expect(daemon.stop() == .exited(0))
        }

        @Test func whoComputesOnTheThreadOfTheLinkChangesNoThreadBetweenBatches() async throws {
            let daemon = try TestDaemon(on: TestDaemon.freshAddress())
            let client = makeClient(of: daemon.address)
            let threads = Mutex<Set<pthread_t>>([])
            try await withTaskExecutorPreference(client.hostExecutor) {
                for number in 1...20 as ClosedRange<UInt64> {
                    note(threads)
                    let batch = SmallExperiment.batch(number)
                    let totals = try await client.run(batch, slicesOf: batch.inputs.entryCount, next: { nil }) { _ in
                        note(threads)
                    }
                    #expect(totals.batch == number)
                }
            }
            #expect(threads.withLock(\.count) == 1)
            await client.close()
            #expect(daemon.stop() == .exited(0))
        }

        private func note(_ threads: borrowing Mutex<Set<pthread_t>>) {
            threads.withLock { _ = $0.insert(pthread_self()) }
        }
    }
}

/// The types of frames, as they pass.
private final class Journal: Sendable {
    enum Passage: Equatable {
        case sent(UInt8)
        case received(UInt8)
    }

    let frames = Mutex<[Passage]>([])

    func note(_ frame: [UInt8], _ passage: (UInt8) -> Passage) {
        guard let header = try? FrameHeader(parsing: frame) else { return }
        frames.withLock { $0.append(passage(header.type)) }
    }
}

/// A link on which a wait lasts until a frame comes, or a wake-up: no limit ends it early.
private struct PatientTransport: Transport, ~Copyable {
    private var base: LocalTransport
    private let journal: Journal

    init(_ base: consuming LocalTransport, _ journal: Journal) {
        self.base = base
        self.journal = journal
    }

    var wake: @Sendable () -> Void { base.wake }

    mutating func send(_ frame: [UInt8]) throws(TransportError) {
        journal.note(frame) { .sent($0) }
        try base.send(frame)
    }

    mutating func receive(within limit: Duration) throws(TransportError) -> [UInt8]? {
        let frame = try base.receive(within: limit > .zero ? .seconds(10) : .zero)
        if let frame { journal.note(frame) { .received($0) } }
        return frame
    }

    consuming func close() { base.close() }
}
