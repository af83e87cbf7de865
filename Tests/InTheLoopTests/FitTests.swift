import ChipEmulator
import Foundation
import InTheLoop
import Substrate
import Testing

/// Profiles fitted to chips whose truth is known.
@Suite struct FitTests {
    /// Twenty numbers at 3.7 standard errors: by chance one of 250 runs of normal numbers would fail.
    private static let limit = 3.7

    @Test func fitFindsUnusualNumbers() async throws {
        let chip = FitChip(FitChip.unusual, serial: 7)
        let fit = try await chip.fitted()
        #expect(fit.unmeasured.isEmpty)
        #expect(fit.circuitsLeftOut <= 8)
        for number in fit.numbers {
            let truth = FitChip.unusual.value(of: number.field)
            #expect(
                (number.value - truth).magnitude < Self.limit * number.standardError
                    || (truth == 0 && !number.isResolved),
                "\(number), profile \(truth)")
            #expect(number.isResolved == (truth != 0), "\(number), profile \(truth)")
        }
        // The spread of this very serial, which is known much better. Circuits left out are worth a per cent of it.
        for (field, truth) in chip.spreads {
            let number = try #require(fit[field])
            #expect(
                (number.value - truth).magnitude < Self.limit * number.measurementError + 0.01 * truth,
                "\(number), serial \(truth)")
        }
    }

    @Test func circuitsAreMeasuredOneByOne() async throws {
        let chip = FitChip(FitChip.unusual, serial: 11)
        let measured = try await chip.fitted().circuits
        let truth = chip.circuits
        /// Root mean square of the differences of those that were measured.
        func error(_ values: [Double], _ truth: [Double]) -> Double {
            let differences = zip(values, truth).map { $0 - $1 }.filter(\.isFinite)
            #expect(differences.count >= 500)
            return (differences.reduce(0) { $0 + $1 * $1 } / Double(differences.count)).squareRoot()
        }
        // Writing errs by 0.6 LSB: four writings of the leak, two of reset and threshold were averaged, of which one
        // counts twice.
        #expect(error(measured.leak, truth.map { $0.leak - 80 }) < 0.45)
        #expect(error(measured.reset, truth.map { $0.reset - 80 }) < 0.65)
        #expect(error(measured.threshold, truth.map { ($0.threshold - 150) / 70 }) < 0.013)
        #expect(error(measured.tauMem, truth.map { $0.tauMem / 6 }) < 0.012)
        #expect(error(measured.tauSynExcitatory, truth.map { $0.tauSynExcitatory / 6 }) < 0.025)
        #expect(error(measured.tauSynInhibitory, truth.map { $0.tauSynInhibitory / 6 }) < 0.025)
        // A gain is the mean of 128 synapses of 11 %.
        #expect(error(measured.synapticGain, truth.map { $0.synapticGain / 0.34 }) < 0.02)
        #expect(error(measured.converterOffset, truth.map(\.converterOffset)) < 0.12)
        #expect(error(measured.converterGain, truth.map(\.converterGain)) < 0.001)
    }

    @Test func idealChipHasNoDeviations() async throws {
        let fit = try await FitChip(ChipProfile.ideal, serial: 1).fitted()
        #expect(fit.numbers.map(\.field) == FittedField.allCases)
        for number in fit.numbers { #expect(number.fitted == 0, "\(number)") }
        #expect(fit.circuitsLeftOut == 0)
    }

    @Test func noiseWithACorrelationTimeIsToldFromWhiteNoise() async throws {
        var profile = FitChip.unusual
        profile.noise.correlationTime = 1.5
        let fit = try await FitChip(profile, serial: 3).fitted()
        let time = try #require(fit[.correlationTime])
        #expect(time.isResolved)
        #expect((time.value - 1.5).magnitude < Self.limit * time.standardError, "\(time)")
        let noise = try #require(fit[.membraneNoise])
        #expect((noise.value - 1.6).magnitude < Self.limit * noise.standardError, "\(noise)")
        // Such noise outlasts spikes, so that intervals tell nothing of recorded times.
        #expect(fit.unmeasured == [.spikeTime])
    }

    @Test func defectiveCircuitsAreLeftOut() async throws {
        var profile = FitChip.unusual
        profile.defects.deadCircuits = [3, 100]
        profile.defects.silentCircuits = [77, 400]
        profile.defects.firingCircuits = [12, 511]
        let fit = try await FitChip(profile, serial: 5).fitted()
        #expect((4...14).contains(fit.circuitsLeftOut), "\(fit.circuitsLeftOut)")
        for circuit in [3, 100, 77, 400] { #expect(!fit.circuits.threshold[circuit].isFinite) }
        for field in [FittedField.leak, .threshold, .tauMem, .tauSyn, .synapticGain, .reset, .synapse, .rowDriver] {
            let number = try #require(fit[field])
            let truth = profile.value(of: field)
            #expect((number.value - truth).magnitude < Self.limit * number.standardError, "\(number)")
        }
    }

    @Test func chipWithoutCodesIsFittedByItsTargets() async throws {
        var profile = ChipProfile.ideal
        profile.geometry.neuronCircuits = 96
        profile.mismatch.tauMem = 0.2
        profile.mismatch.threshold = 0.05
        profile.mismatch.leak = 3
        profile.noise.membrane = 1
        profile.converter.noise = 0.5
        let fit = try await FitChip(profile, serial: 2).fitted()
        for number in fit.numbers {
            let truth = profile.value(of: number.field)
            #expect(number.isResolved == (truth != 0), "\(number), profile \(truth)")
            #expect(
                !number.isResolved || (number.value - truth).magnitude < Self.limit * number.standardError,
                "\(number), profile \(truth)")
        }
    }

    @Test func progressCountsEveryBatch() async throws {
        var profile = ChipProfile.standard
        profile.geometry.neuronCircuits = 64
        var steps: [FitProgress] = []
        let fit = try await FitChip(profile, serial: 1).fitted { steps.append($0) }
        #expect(steps.map(\.step) == Array(0...fit.batches))
        #expect(steps.allSatisfy { $0.steps == fit.batches })
        for stage in FitProgress.Stage.allCases {
            #expect(steps.first { $0.stage == stage }?.step == stage.firstStep)
        }
    }

    @Test func fitIsTheSameForAnyNumberOfThreads() async throws {
        var profile = FitChip.unusual
        profile.geometry.neuronCircuits = 64
        var fits: [ProfileFit] = []
        for threads in [1, 2] {
            let device = EmulatedDevice(EmulatedChip(profile: profile, serial: 4, threads: threads))
            var fit = try await FitChip(profile, serial: 4).fitted(through: device)
            (fit.wallSeconds, fit.circuits) = (0, fits.first?.circuits ?? fit.circuits)
            fits.append(fit)
        }
        #expect(fits[0] == fits[1])
    }

    @Test func targetsThatCannotBeMeasuredAreRefused() async throws {
        let chip = FitChip(FitChip.unusual, serial: 1)
        var targets = FitChip.targets
        targets.threshold = 85
        let error = await #expect(throws: DeviceError.self) { try await chip.fitted(to: targets) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.detail.contains("85.0 LSB") == true)
        targets = FitChip.targets
        targets.tauMem = 1_000
        let other = await #expect(throws: DeviceError.self) { try await chip.fitted(to: targets) }
        #expect(other?.detail.contains("tau_mem is 1000.0") == true)
    }
}
