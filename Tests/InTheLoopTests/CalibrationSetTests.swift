import ChipEmulator
import Foundation
import InTheLoop
import Substrate
import Testing

/// Calibrations for the populations of a network.
@Suite struct CalibrationSetTests {
    private let chip = CalibrationChip(serial: 2, circuits: 64)
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("volley-calibrations-\(UUID().uuidString)")

    /// What was told while a set was gathered.
    private struct Told {
        var origins: [CalibrationSet.Origin] = []
        var warnings: [RunError] = []
        var measurements = 0
    }

    private func gather(
        _ targets: [NeuronTargets], fresh: Bool = false, cache: CalibrationCache?
    ) async throws -> (CalibrationSet, Told) {
        var next = Calibrator.firstBatch
        var told = Told()
        let set = try await CalibrationSet(
            for: targets, on: chip.device, description: await chip.device.describe(), cache: cache,
            fresh: fresh, nextBatch: &next, date: Date()
        ) { notice in
            switch notice {
            case .progress: told.measurements += 1
            case .ready(_, let origin): told.origins.append(origin)
            case .warning(let error): told.warnings.append(error)
            }
        }
        return (set, told)
    }

    /// Two circuits for each of 10 hidden neurons, then 4 readouts of other targets.
    private var network: ChipConfiguration {
        var readout = CalibrationChip.targets
        readout.tauMem = 10
        return ChipConfiguration(
            inputCount: 200,
            populations: [
                .init(kind: .spiking, size: 10, targets: CalibrationChip.targets),
                .init(kind: .integrating, size: 4, targets: readout),
            ],
            projections: [.init(source: .inputs, target: 0), .init(source: .population(0), target: 1)],
            window: 4_000, sampleCount: 10, samplePeriod: 212, noiseSeed: 1)
    }

    @Test func everyNeuronGetsTheCodesOfItsFirstCircuitForItsTargets() async throws {
        let network = network
        let targets = network.populations.map(\.targets)
        let (set, told) = try await gather(targets + targets, cache: nil)
        #expect(told.origins == [.fresh, .fresh], "targets that are repeated count once")
        #expect(told.measurements == 2 * (set.results[0].batches + 1))
        let calibrated = network.calibrated(by: set, on: chip.profile.geometry)
        #expect(calibrated.populations[0].codes == (0..<10).map { set.results[0].codes[2 * $0] })
        #expect(calibrated.populations[1].codes == (20..<24).map { set.results[1].codes[$0] })
        #expect(network.calibrated(by: CalibrationSet([]), on: chip.profile.geometry) == network)
    }

    @Test func neuronsOnCircuitsThatFailedAreNamed() async throws {
        let network = network
        var (set, _) = try await gather(network.populations.map(\.targets), cache: nil)
        var results = set.results
        results[0].after.tauMem[6] = 9
        results[0].after.leak[7] = 200
        results[1].after.threshold[21] = .nan
        results[1].after.synapticGain[22] = .nan
        set = CalibrationSet(results)
        let found = network.miscalibratedNeurons(by: set, on: chip.profile.geometry)
        // Circuit 7 is only the second one of a neuron, and a readout needs no threshold.
        #expect(found.map(\.neuron) == [3, 12])
        #expect(found.map(\.circuit) == [6, 22])
        #expect(found.map(\.parameters) == [[.tauMem], [.synapticGain]])
    }

    @Test func aCalibrationIsMadeOnceAndADamagedOneAgain() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let cache = CalibrationCache(folder: folder)
        let targets = [CalibrationChip.targets]
        let (first, made) = try await gather(targets, cache: cache)
        let (second, kept) = try await gather(targets, cache: cache)
        #expect(made.origins == [.fresh] && made.warnings.isEmpty)
        #expect(kept.origins == [.cached] && kept.measurements == 0)
        #expect(first == second)
        let (_, forced) = try await gather(targets, fresh: true, cache: cache)
        #expect(forced.origins == [.fresh])
        let file = cache.file(
            of: CalibrationIdentity(await chip.device.describe()), targets: targets[0])
        try Data("{}".utf8).write(to: file)
        let (third, repaired) = try await gather(targets, cache: cache)
        #expect(repaired.origins == [.fresh])
        #expect(repaired.warnings.map(\.code) == [.corrupt])
        #expect(repaired.warnings.first?.detail.contains(file.path) == true)
        #expect(third.results[0].contentHash == first.results[0].contentHash)
        #expect(try await gather(targets, cache: cache).1.origins == [.cached])
    }

    @Test func aCacheThatCannotBeWrittenCostsAWarningOnly() async throws {
        let cache = CalibrationCache(folder: URL(fileURLWithPath: "/proc/none"))
        let (set, told) = try await gather([CalibrationChip.targets], cache: cache)
        #expect(set.results.count == 1)
        #expect(told.warnings.map(\.code) == [.io])
    }

    @Test func onlyChipsThatSayTheyNeedItNeedIt() async throws {
        var description = await chip.device.describe()
        #expect(CalibrationSet.isNeeded(by: description))
        description.parameters?.isCalibratedByHost = false
        #expect(!CalibrationSet.isNeeded(by: description))
        description.parameters = nil
        #expect(!CalibrationSet.isNeeded(by: description))
    }
}
