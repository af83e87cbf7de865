/// The Yin-Yang data set: points of a disc in three classes, generated bit for bit as published.
///
/// Kriener, Göltz, Petrovici, "The Yin-Yang dataset", NICE 2022 (arXiv 2102.08211). A sample is
/// (x, y, 1 - x, 1 - y), with (x, y) in the disc of radius 1/2 about (1/2, 1/2).
public enum YinYang {
    /// The published splits: 5,000 samples of seed 42, 1,000 of seed 41, 1,000 of seed 40.
    public static func splits() -> DataSplits {
        DataSplits(
            train: generate(samples: 5_000, seed: 42),
            validation: generate(samples: 1_000, seed: 41),
            test: generate(samples: 1_000, seed: 40))
    }

    /// Samples of a seed, as 32-bit floats.
    public static func generate(samples count: Int, seed: UInt32) -> DataSet {
        let points = points(count, seed: seed)
        return DataSet(
            name: "yin-yang", featureCount: 4, classCount: 3,
            features: points.flatMap { $0.features.map(Float.init) },
            labels: points.map(\.label))
    }

    /// A sample in full precision.
    package struct Point {
        /// (x, y, 1 - x, 1 - y).
        package var features: [Double]
        /// 0 yin, 1 yang, 2 dot.
        package var label: UInt8
    }

    /// Samples of a seed in full precision.
    ///
    /// For each sample a wanted class is drawn uniformly, then points of the unit square until one lies in the disc and
    /// has that class; so the classes are equally likely though their areas differ.
    package static func points(_ count: Int, seed: UInt32) -> [Point] {
        var generator = MersenneTwister(seed: seed)
        return (0..<count).map { _ in
            var wanted = generator.next() & 3
            while wanted == 3 { wanted = generator.next() & 3 }
            while true {
                let x = generator.nextDouble()
                let y = generator.nextDouble()
                guard distance(x, y, toX: radius) <= radius else { continue }
                let label = classOf(x, y)
                if label == UInt8(wanted) {
                    return Point(features: [x, y, 1 - x, 1 - y], label: label)
                }
            }
        }
    }

    private static let radius = 0.5
    private static let eyeRadius = 0.1

    private static func classOf(_ x: Double, _ y: Double) -> UInt8 {
        let right = distance(x, y, toX: 1.5 * radius)
        let left = distance(x, y, toX: 0.5 * radius)
        if right < eyeRadius || left < eyeRadius { return 2 }
        let isYang =
            right <= eyeRadius || (left > eyeRadius && left <= 0.5 * radius)
            || (y > radius && right > 0.5 * radius)
        return isYang ? 1 : 0
    }

    /// Distance to a point on the horizontal diameter.
    private static func distance(_ x: Double, _ y: Double, toX centre: Double) -> Double {
        let dx = x - centre
        let dy = y - radius
        return (dx * dx + dy * dy).squareRoot()
    }
}
