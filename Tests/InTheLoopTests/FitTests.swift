import ChipEmulator
import Foundation
import InTheLoop
import Substrate
import Testing

@Suite struct FitTests {
    @Test func show() async throws {
        for profile in [FitChip.unusual, ChipProfile.ideal, .standard, .calibrated] {
            let clock = ContinuousClock()
            let start = clock.now
            let fit = try await FitChip(profile, serial: 7).fitted()
            print(profile.name, clock.now - start, fit.batches, fit.chipSeconds, "left out", fit.circuitsLeftOut, "white", fit.whiteNoise as Any, fit.converterNoiseWithRounding as Any)
            for n in fit.numbers { print(n.field.rawValue, n.value, "+-", n.standardError, n.measurementError, n.sampleSize, n.isResolved) }
            for n in fit.means { print(n.name, n.value, "+-", n.standardError) }
        }
    }
}
