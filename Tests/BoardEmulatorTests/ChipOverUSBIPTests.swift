import BoardEmulator
import ChipEmulator
import DeviceClient
import DeviceServer
import DeviceTransport
import Foundation
import Logging
import Substrate
import Synchronization
import Testing
import WireProtocol

/// A chip behind a board's function behind USB/IP, and the trainer's own client.
@Suite struct ChipOverUSBIPTests {
    private let board = USBBoardFunction(identity: USBBoardIdentity(serial: 7, bootID: 99))
    private let server: USBIPServer
    private let stop = ServerStop()

    init() throws {
        server = try USBIPServer(serving: board, port: 0)
    }

    private var options: DeviceServerOptions {
        var options = DeviceServerOptions(stopLimit: .seconds(1), farewell: .zero)
        options.bootID = board.identity.bootID
        options.frameLimit = board.identity.frameLimit
        return options
    }

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func client() -> RemoteDevice<USBIPTransport> {
        let run = RunID(high: .random(in: 0...(.max)), low: 1)
        return RemoteDevice(named: "usbip", options: RemoteDeviceOptions(runID: run, label: "test")) {
            [port = server.port] _ throws(TransportError) in try USBIPTransport(port: port)
        }
    }

    @Test func batchesEqualTheChipInProcess() async throws {
        let chip = EmulatedChip(profile: .standard, serial: 7)
        Thread.detachNewThread { [board, stop, options] in
            let server = ChipServer(
                chip, on: USBBoardListener(on: board), options: options, stop: stop, logger: Self.logger)
            try? server.run()
        }
        defer {
            stop.request("the test is over")
            server.stop()
        }
        var direct = EmulatedChip(profile: .standard, serial: 7)
        let client = client()
        for (number, entries) in [(1, 1), (2, 300), (3, 20)] as [(UInt64, Int)] {
            let batch = Self.batch(number, entries: entries)
            let measured = try await client.run(batch)
            let expected = try direct.run(batch)
            #expect(measured.spikes == expected.spikes)
            #expect(measured.membranes == expected.membranes)
        }
        // The cable is pulled and put back: the session goes on.
        board.unplug()
        board.plug()
        let after = try await client.run(Self.batch(4, entries: 5))
        #expect(try after.spikes == direct.run(Self.batch(4, entries: 5)).spikes)
        await client.close()
    }

    /// USB-006 and USB-008 with a chip whose first batch does not end by itself.
    @Test func abortEndsTheBatchOfItsRequestAndNoOther() async throws {
        let description = EmulatedChip(profile: .standard, serial: 7).description
        let runs = Mutex(0)
        Thread.detachNewThread { [board, stop, options] in
            let chip = Mutex(EmulatedChip(profile: .standard, serial: 7))
            let server = ChipServer(
                description: description, on: USBBoardListener(on: board), options: options, stop: stop,
                logger: Self.logger
            ) { batch, length, attend in
                let isFirst = runs.withLock { runs in
                    runs += 1
                    return runs == 1
                }
                while isFirst, attend(nil) { usleep(1_000) }
                if isFirst { return .failure(DeviceError(.cancelled, "given up")) }
                return chip.withLock { chip in
                    do throws(DeviceError) {
                        return .success(try chip.run(batch, slicesOf: length, attend: attend))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            try? server.run()
        }
        defer {
            stop.request("the test is over")
            server.stop()
        }
        let client = client()
        let first = Task { try await client.run(Self.batch(1, entries: 2)) }
        while status().isRunning == 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(status().phase == 2)
        let request = status().request
        abort(request + 1_000)
        try await Task.sleep(for: .milliseconds(50))
        #expect(status().isRunning == 1, "no request has that number")
        for number in (1...request).reversed() { abort(number) }
        do {
            _ = try await first.value
            Issue.record("the batch was not aborted")
        } catch {
            #expect((error as? DeviceError)?.code == .cancelled, "\(error)")
        }
        var direct = EmulatedChip(profile: .standard, serial: 7)
        let second = try await client.run(Self.batch(2, entries: 2))
        #expect(try second.spikes == direct.run(Self.batch(2, entries: 2)).spikes)
        await client.close()
    }

    /// LINK_STATUS as USB-008 lays it out.
    private func status() -> (request: UInt64, phase: UInt8, isRunning: UInt8) {
        guard case .data(let bytes) = board.control(USBSetup(requestType: 0xC1, request: 2, length: 32)),
            bytes.count == 32
        else { return (0, 0, 0) }
        return (bytes[8..<16].reversed().reduce(0) { $0 << 8 | UInt64($1) }, bytes[28], bytes[29])
    }

    private func abort(_ request: UInt64) {
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: request >> (8 * $0)) }
        #expect(board.control(USBSetup(requestType: 0x41, request: 4, length: 8), data: bytes) == .data([]))
    }

    /// A batch on five inputs, twelve spiking neurons and three readouts, whose weights and events follow its number.
    private static func batch(_ number: UInt64, entries: Int) -> DeviceBatch {
        let targets = NeuronTargets(
            leak: 80, reset: 80, threshold: 125, tauMem: 10, tauSynExcitatory: 5, tauSynInhibitory: 5, refractory: 1,
            synapticGain: 0.5)
        let configuration = ChipConfiguration(
            inputCount: 5,
            populations: [
                .init(kind: .spiking, size: 12, targets: targets), .init(kind: .integrating, size: 3, targets: targets),
            ],
            projections: [.init(source: .inputs, target: 0), .init(source: .population(0), target: 1)],
            window: 1_250, sampleCount: 6, samplePeriod: 212, noiseSeed: 17)
        var synapses = SynapseMatrix(silentFor: configuration)
        for index in synapses.codes.indices { synapses.codes[index] = Int8((index * 37 + Int(number) * 11) % 80 - 20) }
        var inputs = SpikeTrains()
        for entry in 0..<entries {
            inputs.append(
                (0..<15).map { SpikeEvent(tick: .init((entry * 17 + $0 * 71) % 1_200), unit: .init($0 % 5)) })
        }
        return DeviceBatch(
            id: number, configuration: configuration, synapses: synapses, inputs: inputs,
            observables: Observables(spikes: true, membranes: 12..<15))
    }
}
