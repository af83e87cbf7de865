import Charts
import Testing

@Suite struct SampleStatisticsTests {
    @Test func momentsAndQuartilesAreThoseOfTheTextbook() throws {
        let sample = try #require(SampleStatistics([4, 1, 3, 2]))
        #expect(sample.count == 4)
        #expect(sample.mean == 2.5)
        #expect(abs(try #require(sample.standardDeviation) - (5.0 / 3).squareRoot()) < 1e-15)
        #expect((sample.minimum, sample.maximum) == (1, 4))
        #expect((sample.lowerQuartile, sample.median, sample.upperQuartile) == (1.75, 2.5, 3.25))
    }

    @Test func anOddSampleHasItsMiddleAsMedian() throws {
        let sample = try #require(SampleStatistics([9, 5, 7, 1, 3]))
        #expect((sample.lowerQuartile, sample.median, sample.upperQuartile) == (3, 5, 7))
    }

    @Test func aSingleNumberHasNoDeviation() throws {
        let sample = try #require(SampleStatistics([0.93]))
        #expect(sample.standardDeviation == nil)
        #expect((sample.minimum, sample.median, sample.maximum) == (0.93, 0.93, 0.93))
        #expect(SampleStatistics([]) == nil)
    }
}
