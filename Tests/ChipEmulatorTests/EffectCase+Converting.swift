import ChipEmulator
import Glibc
import Substrate

extension EffectCase {
    /// The converter and the rails.
    static let converting: [EffectCase] = [
        EffectCase(number: 4, setting: "none: the converter's rounding") {
            let readings = try (0..<400).map {
                let voltage = 100 + Double($0) / 40
                return Double(try references(.ideal, voltage)[0]) - voltage
            }
            let deviation = 1 / 12.0.squareRoot()
            return .moments(readings, 0, deviation, "code - voltage", "LSB", meanBias: 0.02, deviationBias: 0.001)
        },
        EffectCase(number: 7, setting: "converter.offset 10, gain 0.01") {
            let profile = idealBut {
                $0.converter.offset = 10
                $0.converter.gain = 0.01
            }
            var offsets: [Double] = []
            var gains: [Double] = []
            for serial in UInt64(1)...12 {
                let low = try references(profile, serial: serial, 60)
                let high = try references(profile, serial: serial, 190)
                for (low, high) in zip(low, high) where low > 0 && high < 255 {
                    gains.append((Double(high) - Double(low)) / 130)
                }
                offsets += low.map { Double($0) - 60 }
            }
            // Two roundings of 1/12 LSB^2 each, in a gain of 130 LSB; 1 % of 60 LSB beside the offset.
            let offset = (100 + 0.36 + 1.0 / 12).squareRoot()
            let gain = (0.01 * 0.01 + 2.0 / 12 / (130 * 130)).squareRoot()
            return .moments(offsets, 0, offset, "reading of 60 LSB - 60 LSB", "LSB")
                + .moments(gains, 1, gain, "gain from 60 to 190 LSB", "1", deviationBias: 1e-4)
        },
        EffectCase(number: 7, setting: "converter.noise 0.6") {
            let profile = idealBut { $0.converter.noise = 0.6 }
            let readings = try references(profile, 100, samples: 20).map(Double.init)
            let shifted = Array(readings.dropFirst(512))
            let deviation = (0.36 + 1.0 / 12).squareRoot()
            return .moments(readings, 100, deviation, "a reading", "LSB", deviationBias: 0.002)
                + [.correlation(Array(readings.dropLast(512)), shifted, "neighbouring samples")]
        },
        EffectCase(number: 7, setting: "converter.skew 20") {
            let circuits = drawn(idealBut { $0.converter.skew = 20 })
            return .moments(circuits.map(\.converterSkew), 10, 20 / 12.0.squareRoot(), "skew", "ns")
        },
        EffectCase(number: 16, setting: "rails 60...120") {
            let targets = TestBatch.targets(gain: 20)
            let batch = TestBatch.batch(
                TestBatch.single(.integrating, inputs: 2, targets: targets), codes: [63, -63],
                entries: [[(10, 0)], [(10, 1)]])
            let codes = try readings(
                idealBut { $0.rails = .init(lower: 60, upper: 120) }, batch)
            return [
                .exact("highest reading, LSB", expected: 120, measured: Double(codes.max() ?? 0)),
                .exact("lowest reading, LSB", expected: 60, measured: Double(codes.min() ?? 0)),
            ]
        },
    ]

    /// Readings `[sample, column]` of one voltage by 512 columns.
    private static func references(
        _ profile: ChipProfile, serial: UInt64 = 1, _ voltage: Double, samples: Int = 1
    ) throws -> [UInt8] {
        var batch = TestBatch.batch(
            TestBatch.single(.integrating, size: 512, samples: samples),
            codes: Array(repeating: 0, count: 512), entries: [[]])
        batch.observables.reference = voltage
        return try readings(profile, serial: serial, batch)
    }
}
