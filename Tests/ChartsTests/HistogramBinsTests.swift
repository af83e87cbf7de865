import Charts
import Testing

@Suite struct HistogramBinsTests {
    @Test func everyValueIsInTheBinBetweenItsEdges() {
        let values = (0..<500).map { Double(($0 * 7_919) % 1_000) / 8 }
        let bins = HistogramBins(values)
        #expect(bins.counts.reduce(0, +) == values.count)
        for (bin, count) in bins.counts.enumerated() {
            let inside = values.count { $0 >= bins.edge(bin) && $0 < bins.edge(bin + 1) }
            #expect(count == inside, "bin \(bin)")
        }
    }

    /// 1,000 evenly spread values: IQR = span / 2, so the rule gives `n^(1/3)` = 10 bins.
    @Test func evenValuesGetAsManyBinsAsTheCubicRootOfTheirNumber() {
        let bins = HistogramBins((0..<1_000).map { Double($0) })
        #expect(bins.counts == [Int](repeating: 100, count: 10))
        #expect((0...10).map(bins.edge) == (0...10).map { Double($0) * 100 })
    }

    @Test(arguments: [[5.0], [5, 5, 5], [-0.1, -0.1], [0], [1, 1, 1, 1, 9]])
    func fewOrEqualValuesAreCountedToo(values: [Double]) {
        let bins = HistogramBins(values)
        #expect(bins.counts.reduce(0, +) == values.count)
        #expect(bins.edge(0) <= (values.min() ?? 0) && bins.edge(bins.counts.count) > (values.max() ?? 0))
    }
}
