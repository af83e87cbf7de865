import SpikeData
import Substrate
import Testing

@Suite struct MinibatchTests {
    @Test func anEpochHoldsEverySampleOnceAndKeepsTheRest() {
        let batches = Minibatches(count: 1_003, size: 100, seed: 7, epoch: 0)
        #expect(batches.count == 11)
        #expect(batches.map(\.count) == Array(repeating: 100, count: 10) + [3])
        #expect(batches.joined().sorted() == Array(0..<1_003))
    }

    @Test func orderDependsOnSeedAndEpochOnly() {
        let first = Array(Minibatches(count: 500, size: 64, seed: 7, epoch: 3).joined())
        #expect(first == Array(Minibatches(count: 500, size: 100, seed: 7, epoch: 3).joined()))
        #expect(first != Array(Minibatches(count: 500, size: 64, seed: 7, epoch: 4).joined()))
        #expect(first != Array(Minibatches(count: 500, size: 64, seed: 8, epoch: 3).joined()))
    }

    @Test func withoutShufflingSamplesKeepTheirOrder() {
        #expect(Array(Minibatches(inOrder: 5, size: 2)) == [[0, 1], [2, 3], [4]])
        #expect(Minibatches(inOrder: 0, size: 2).isEmpty)
    }

    @Test func encodingOnAllCoresKeepsTheOrderOfSamples() {
        let data = YinYang.generate(samples: 2_500, seed: 1)
        let encoder = LinearLatencyEncoder(featureCount: 4, early: 2, late: 26, bias: 18)
        let encoded = EncodedDataSet(data, encoder: encoder)
        #expect(encoded.count == 2_500)
        for sample in [0, 999, 1_000, 2_499] {
            #expect(
                Array(encoded.trains[entry: sample])
                    == encoder.encode(data.features(of: sample)).sorted())
        }
        let batch = encoded.minibatch([2_499, 3])
        #expect(Array(batch.trains[entry: 0]) == Array(encoded.trains[entry: 2_499]))
        #expect(Array(batch.trains[entry: 1]) == Array(encoded.trains[entry: 3]))
        #expect(batch.labels == [Int(data.labels[2_499]), Int(data.labels[3])])
    }

    @Test func pixelsAreScaledToTheUnitInterval() {
        let data = DataSet(
            name: "t", imageShape: ImageShape(rows: 1, columns: 3), classCount: 2,
            pixels: [0, 51, 255, 1, 2, 3], labels: [0, 1])
        #expect(data.features(of: 0) == [0, 0.2, 1])
        #expect(data.prefix(1).count == 1)
        #expect(data.prefix(1).features(of: 0) == [0, 0.2, 1])
    }
}
