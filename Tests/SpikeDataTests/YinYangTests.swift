import SpikeData
import Testing

@Suite struct YinYangTests {
    /// The first sample of the published test split, as the bits of its doubles (seed 40).
    @Test func firstSampleIsThatOfThePublishedFile() {
        let point = YinYang.points(1, seed: 40)[0]
        #expect(
            point.features.map(\.bitPattern) == [
                0x3FCD_F6E0_FE77_E0E4, 0x3FD9_B5DC_AB99_67B6,
                0x3FE8_8247_C062_07C7, 0x3FE3_2511_AA33_4C25,
            ])
        #expect(point.label == 2)
    }

    @Test func splitsHaveThePublishedSizesAndClassCounts() throws {
        let splits = YinYang.splits()
        let validation = try #require(splits.validation)
        #expect(classCounts(splits.train) == [1681, 1702, 1617])
        #expect(classCounts(validation) == [316, 336, 348])
        #expect(classCounts(splits.test) == [350, 316, 334])
        #expect(splits.train.featureCount == 4)
        #expect(splits.train.classCount == 3)
    }

    @Test(
        .enabled(if: SampleData.exists, "\(SampleData.absent)"),
        arguments: [("train", 5_000, 42), ("validation", 1_000, 41), ("test", 1_000, 40)])
    func equalsThePublishedFilesBitForBit(split: String, count: Int, seed: UInt32) {
        let samples = npy("\(split)_samples").map(Double.init(bitPattern:))
        let labels = npy("\(split)_labels")
        let points = YinYang.points(count, seed: seed)
        #expect(points.flatMap(\.features) == samples)
        #expect(points.map { UInt64($0.label) } == labels)
    }

    private func classCounts(_ data: DataSet) -> [Int] {
        data.labels.reduce(into: [0, 0, 0]) { $0[Int($1)] += 1 }
    }

    /// The 64-bit words after the 128-byte header of a NumPy file.
    private func npy(_ name: String) -> [UInt64] {
        let bytes = SampleData.read("yin-yang/\(name).npy").dropFirst(128)
        return stride(from: bytes.startIndex, to: bytes.endIndex, by: 8).map { start in
            bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }
}
