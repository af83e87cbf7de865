import Charts
import Testing

@Suite struct AxisTicksTests {
    @Test(
        arguments: [
            (0.0...1, 6, [0, 0.2, 0.4, 0.6, 0.8, 1], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
            (0.0...1, 5, [0, 0.5, 1], ["0.0", "0.5", "1.0"]),
            (0.0...1, 11, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1], nil),
            (-3.0...17, 5, [0, 5, 10, 15], ["0", "5", "10", "15"]),
            (-0.0031...0.0029, 4, [-0.002, 0, 0.002], ["-0.002", "0.000", "0.002"]),
            (93.66...96.45, 8, [94, 94.5, 95, 95.5, 96], ["94.0", "94.5", "95.0", "95.5", "96.0"]),
            (0.0...40_000, 5, [0, 10_000, 20_000, 30_000, 40_000], ["0", "10,000", "20,000", "30,000", "40,000"]),
            (0.0...4e9, 3, [0, 2e9, 4e9], ["0", "2×10⁹", "4×10⁹"]),
            (0.0...3e-8, 4, [0, 1e-8, 2e-8, 3e-8], ["0", "1×10⁻⁸", "2×10⁻⁸", "3×10⁻⁸"]),
            (5.1...5.3, 1, [5.2], nil),
        ] as [(ClosedRange<Double>, Int, [Double], [String]?)])
    func linearTicksAreTheFinestThatFit(
        range: ClosedRange<Double>, limit: Int, values: [Double], labels: [String]?
    ) {
        let ticks = AxisTicks.linear(range, atMost: limit).ticks
        #expect(ticks.map(\.value) == values)
        if let labels { #expect(ticks.map(\.label) == labels) }
    }

    @Test func anEndThatRoundingMovedKeepsItsTick() {
        let ticks = AxisTicks.linear(0...(0.1 + 0.2).nextUp, atMost: 4).ticks
        #expect(ticks.map(\.value) == [0, 0.1, 0.2, 0.3])
        #expect(AxisTicks.linear(0...(0.3).nextDown, atMost: 4).ticks.last?.value == 0.3)
    }

    /// For any range: the limit holds, and the next finer step would break it.
    @Test func ticksUseTheRoomOnAnyRange() {
        for exponent in -12...12 {
            for mantissa in [1.0, 1.7, 3.3, 6.1, 9.9] {
                let span =
                    mantissa * (0..<abs(exponent)).reduce(1.0) { power, _ in exponent < 0 ? power / 10 : power * 10 }
                let range = 0.37 * span...1.37 * span
                let ticks = AxisTicks.linear(range, atMost: 8).ticks
                // A step that is 2.5 times finer gives at most 2.5 times as many, and one more.
                #expect((3...8).contains(ticks.count), "\(range): \(ticks.count)")
                #expect(ticks.allSatisfy { $0.value > range.lowerBound * 0.99 && $0.value < range.upperBound * 1.01 })
            }
        }
    }

    @Test(
        arguments: [
            (1.0...1_000, 8, ["1", "10", "100", "1,000"]),
            (0.9...11, 8, ["1", "2", "5", "10"]),
            (0.001...0.01, 8, ["0.001", "0.002", "0.005", "0.01"]),
            (1e-6...1e-2, 8, ["10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²"]),
            (1.0...1e8, 5, ["10⁰", "10²", "10⁴", "10⁶", "10⁸"]),
        ] as [(ClosedRange<Double>, Int, [String])])
    func logarithmicTicksArePowersOfTen(range: ClosedRange<Double>, limit: Int, labels: [String]) {
        let ticks = AxisTicks.logarithmic(range, atMost: limit).ticks
        #expect(ticks.map(\.label).filter { !$0.isEmpty } == labels)
        #expect(ticks.map(\.value) == ticks.map(\.value).sorted())
    }

    @Test func aRangeWithinADecadeHasLinearTicks() {
        #expect(AxisTicks.logarithmic(3.1...3.9, atMost: 5) == AxisTicks.linear(3.1...3.9, atMost: 5))
    }
}
