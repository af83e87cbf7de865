import Foundation
import Tensors
import Testing

@Suite struct MatrixTests {
    @Test(arguments: [0, 1, 15, 16, 17, 246])
    func paddingIsZeroAndInvisible(columns: Int) {
        let matrix = Matrix(rows: 3, columns: columns) { Float($0 * 1000 + $1 + 1) }
        #expect(matrix.stride % Matrix.lane == 0 && matrix.stride - columns < Matrix.lane)
        #expect(matrix.values.count == 3 * matrix.stride)
        for row in 0..<3 {
            for column in 0..<columns { #expect(matrix[row, column] == Float(row * 1000 + column + 1)) }
            #expect(
                matrix.values[row * matrix.stride + columns..<(row + 1) * matrix.stride]
                    .allSatisfy { $0 == 0 })
        }
        #expect(Matrix(rows: 3, columns: columns, unpadded: matrix.unpadded) == matrix)
        #expect(Matrix(rows: 3, columns: columns, padded: matrix.values) == matrix)
    }

    @Test func writingAnElementTouchesNoOther() {
        var matrix = Matrix(rows: 2, columns: 17)
        matrix[1, 16] = 5
        #expect(matrix.values.reduce(0, +) == 5)
        #expect(matrix.values[matrix.stride + 16] == 5)
    }
}

@Suite struct TimeSeriesTests {
    @Test func elementsLieByEntryThenStepThenNeuron() {
        var series = TimeSeries(entries: 2, steps: 3, neurons: 5)
        series[1, 2, 4] = 7
        #expect(series.stride == 16)
        #expect(series.values[(1 * 3 + 2) * 16 + 4] == 7)
        #expect(series.values.reduce(0, +) == 7)
        #expect(TimeSeries(entries: 2, steps: 3, neurons: 5, padded: series.values) == series)
    }
}

@Suite struct PortableMathTests {
    @Test func exponentialIsWithinTwoUnitsInTheLastPlace() {
        for index in -7000...7000 {
            let x = Double(index) * 0.1 + 0.000_123
            let error = (PortableMath.exp(x) - Foundation.exp(x)).magnitude
            #expect(error <= 2 * Foundation.exp(x).ulp, "exp(\(x))")
        }
        #expect(PortableMath.exp(0) == 1)
        #expect(PortableMath.exp(710) == .infinity)
        #expect(PortableMath.exp(-710) == 0)
        #expect(PortableMath.exp(.nan).isNaN)
    }

    @Test func logarithmIsWithinTwoUnitsInTheLastPlace() {
        for index in -3000...3000 {
            let x = Foundation.pow(1.25, Double(index))
            let error = (PortableMath.log(x) - Foundation.log(x)).magnitude
            #expect(error <= 2 * Foundation.log(x).ulp, "log(\(x))")
        }
        #expect(PortableMath.log(1) == 0)
        #expect(PortableMath.log(0) == -.infinity)
        #expect(PortableMath.log(-1).isNaN)
        #expect(PortableMath.log(.infinity) == .infinity)
    }
}

@Suite struct RandomStreamTests {
    @Test func keyAndPositionDetermineEachNumber() {
        var first = RandomStream(seed: 7, purpose: .weights, 1, 2)
        var second = RandomStream(seed: 7, purpose: .weights, 1, 2)
        for _ in 0..<100 { #expect(first.next() == second.next()) }
        #expect(first.position == 100)
    }

    /// Frozen, computed by another implementation of SplitMix64: another number would change the result of every seed.
    @Test func numbersAreFrozen() {
        var stream = RandomStream(seed: 1, purpose: .trial, 0)
        let drawn = (0..<3).map { _ in stream.next() }
        #expect(drawn == [0xDC7F_1EFC_6496_89C6, 0xCB87_55E5_F1C6_CD12, 0x783B_9C32_CF78_86A4])
    }

    @Test func seedPurposeAndIndicesGiveDifferentStreams() {
        var streams = [
            RandomStream(seed: 1, purpose: .weights), RandomStream(seed: 2, purpose: .weights),
            RandomStream(seed: 1, purpose: .shuffle), RandomStream(seed: 1, purpose: .weights, 0),
            RandomStream(seed: 1, purpose: .weights, 1), RandomStream(seed: 1, purpose: .weights, 0, 1),
            RandomStream(seed: 1, purpose: .weights, 1, 0),
        ]
        var seen: Set<UInt64> = []
        for index in streams.indices {
            for _ in 0..<1000 { seen.insert(streams[index].next()) }
        }
        #expect(seen.count == streams.count * 1000)
    }

    /// 100,000 numbers: each bound is 5 standard errors, passed by a right generator with a probability of 1 - 6e-7.
    @Test func momentsAreThoseOfTheDistributions() {
        let count = 100_000
        var stream = RandomStream(seed: 3, purpose: .trial, 1)
        var (sum, squares) = (0.0, 0.0)
        for _ in 0..<count {
            let x = stream.nextUniform()
            #expect(x >= 0 && x < 1)
            sum += x
        }
        let root = Double(count).squareRoot()
        #expect((sum / Double(count) - 0.5).magnitude < 5 * 0.2887 / root)
        sum = 0
        for _ in 0..<count {
            let x = stream.nextNormal()
            sum += x
            squares += x * x
        }
        #expect((sum / Double(count)).magnitude < 5 / root)
        #expect((squares / Double(count) - 1).magnitude < 5 * 2.0.squareRoot() / root)
    }

    @Test func permutationsHoldEachNumberOnce() {
        var stream = RandomStream(seed: 4, purpose: .shuffle, 0)
        for count in [0, 1, 2, 17, 1000] {
            let order = stream.permutation(count)
            #expect(order.sorted() == Array(0..<count))
        }
        #expect(stream.permutation(1000) != Array(0..<1000))
    }
}
