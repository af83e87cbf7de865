import Substrate
import Testing
import WireProtocol

/// Batches that no device could run are refused by the host, before a byte of them travels.
@Suite struct BatchFlawTests {
    private static func wrong(_ change: (inout DeviceBatch) -> Void) -> DeviceBatch {
        var batch = Samples.batch(4)
        change(&batch)
        return batch
    }

    private static let cases: [(says: String, batch: DeviceBatch)] = [
        ("the number of inputs, 65537, is not in 0...65536", wrong { $0.configuration.inputCount = 65_537 }),
        ("the number of inputs, -1, is not in 0...65536", wrong { $0.configuration.inputCount = -1 }),
        ("population 1 has 0 neurons, not 1...65536", wrong { $0.configuration.populations[1].size = 0 }),
        (
            "the network has 65538 neurons in 2 populations; at most 65536 in 256 can be addressed",
            wrong { $0.configuration.populations[0].size = 65_536 }
        ),
        (
            "the network has 257 neurons in 257 populations; at most 65536 in 256 can be addressed",
            wrong {
                $0.configuration.populations = Array(
                    repeating: .init(kind: .spiking, size: 1, targets: Samples.targets), count: 257)
            }
        ),
        ("projection 2 ends in population 2 of 2", wrong { $0.configuration.projections[2].target = 2 }),
        (
            "projection 1 begins in population 7 of 2",
            wrong { $0.configuration.projections[1].source = .population(7) }
        ),
        (
            "the network has 25035000 synapses in 3 projections; at most 16000000 in 4096 can be sent",
            wrong { $0.configuration.populations[0].size = 5_000 }
        ),
        ("the window of 70000 ticks is not in", wrong { $0.configuration.window = 70_000 }),
        ("65536 samples every 250 ticks cannot be expressed", wrong { $0.configuration.sampleCount = 65_536 }),
        ("3 samples every 65536 ticks cannot be expressed", wrong { $0.configuration.samplePeriod = 65_536 }),
        (
            "the entry spacing of 4294967296 ticks cannot be expressed",
            wrong { $0.configuration.entrySpacing = 1 << 32 }
        ),
        ("there are 43 weights for 44 synapses", wrong { $0.synapses.codes.removeLast() }),
        ("membranes 1..<7 are asked for, of 6 neurons", wrong { $0.observables.membranes = 1..<7 }),
        ("the CADC's reference voltage is not a number", wrong { $0.observables.reference = .infinity }),
        (
            "input event 1 (unit 5, tick 20) is out of order or outside 5 inputs and 1000 ticks",
            wrong {
                $0.inputs = SpikeTrains(ends: [2], events: [.init(tick: 10, unit: 4), .init(tick: 20, unit: 5)])
            }
        ),
        (
            "input event 1 (unit 0, tick 9) is out of order or outside 5 inputs and 1000 ticks",
            wrong {
                $0.inputs = SpikeTrains(ends: [2], events: [.init(tick: 10, unit: 4), .init(tick: 9, unit: 0)])
            }
        ),
    ]

    @Test(arguments: cases.indices)
    func theFlawIsNamedAndNothingIsSent(index: Int) throws {
        let (says, batch) = Self.cases[index]
        var bench = Bench()
        let host = bench.add(Samples.host())
        let sent = bench.tape.count
        bench.submit(batch, to: host)
        #expect(bench.tape.count == sent)
        let failure = try #require(bench.failures.first)
        #expect(bench.failures.count == 1 && failure.batch == batch.id)
        #expect(failure.error.code == .invalidRequest)
        #expect(failure.error.detail.hasPrefix("batch 4: \(says)"), "\(failure.error.detail)")
        // The session is none the worse.
        bench.submit(Samples.batch(5), to: host)
        bench.finish()
        #expect(bench.delivered[host] == [5])
    }

    /// What fits the protocol may be more than this device takes in a message, by its answer to HELLO.
    @Test func aMessageBeyondTheDevicesLimitIsRefusedWithBothSizes() throws {
        var device = Samples.device()
        device.limits.message = 65_536
        var bench = Bench(device: device)
        let host = bench.add(Samples.host())
        var configuration = Samples.configuration
        configuration.populations[0].size = 300
        bench.submit(Samples.batch(4, configuration: configuration), to: host)
        let failure = try #require(bench.failures.first)
        #expect(failure.error.code == .invalidRequest)
        #expect(failure.error.detail.hasPrefix("batch 4 needs a message of 9"), "\(failure.error.detail)")
        #expect(failure.error.detail.hasSuffix(" bytes, the device takes 65536"))
        #expect(failure.error.remedy == "Use smaller batches.")
        bench.submit(Samples.batch(5), to: host)
        bench.finish()
        #expect(bench.delivered[host] == [5])
    }
}
