import Foundation
import Testing

/// Each effect alone: its moments against its model, each within four standard errors. With `VOLLEY_REPORT=FOLDER` the
/// table goes to `FOLDER/effects.md`.
@Suite struct EffectTests {
    @Test(arguments: EffectCase.all)
    func anEffectHasTheMomentsOfItsModel(effect: EffectCase) throws {
        let found = try effect.measure()
        #expect(!found.isEmpty)
        for measurement in found {
            #expect(
                measurement.passes,
                """
                \(measurement.quantity): \(measurement.measured), not \(measurement.expected) \
                +- \(measurement.interval + measurement.bias)
                """)
        }
    }

    @Test func everyEffectIsMeasured() {
        #expect(Set(EffectCase.all.map(\.number)) == Set(1...16))
    }

    @Test(.enabled(if: EffectReport.folder != nil, "VOLLEY_REPORT names no folder"))
    func theTableOfMoments() throws {
        try EffectReport.write()
    }
}
