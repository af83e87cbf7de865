import SpikeData
import Substrate
import Testing

@Suite struct EncoderTests {
    /// Times of the formula, computed by hand: x = 1 -> 1.785 µs, 0.5 -> 4.087, 0.3 -> 8.789, less that of x = 1.
    @Test func latencyFollowsTheFormulaLessTheTimeOfWhite() {
        let encoder = LatencyEncoder(channelCount: 5)
        let events = encoder.encode([1, 0.5, 0.3, 0.2, 0])
        #expect(
            events == [
                SpikeEvent(tick: 0, unit: 0), SpikeEvent(tick: 288, unit: 1),
                SpikeEvent(tick: 875, unit: 2),
            ])
    }

    @Test func latencyNeverFallsWithBrightness() {
        let encoder = LatencyEncoder(channelCount: 256)
        let events = encoder.encode((0..<256).map { Float($0) / 255 })
        #expect(events.first?.unit == 52, "51 / 255 is the threshold")
        #expect(zip(events, events.dropFirst()).allSatisfy { $0.tick > $1.tick || $0.tick <= 4 })
        #expect(events.count == 204)
    }

    @Test func latencyLeavesOutWhatComesAfterTheWindow() {
        let encoder = LatencyEncoder(channelCount: 2, window: 2)
        #expect(encoder.encode([0.9, 0.5]).map(\.unit) == [0])
    }

    @Test func linearLatencyPutsCopiesAndBiasOnChannelsOfTheirOwn() {
        let encoder = LinearLatencyEncoder(featureCount: 2, early: 2, late: 26, bias: 18, copies: 2)
        #expect(encoder.channelCount == 6)
        let events = encoder.encode([0, 0.5])
        #expect(events.map(\.unit) == [0, 1, 2, 3, 4, 5])
        #expect(events.map(\.tick) == [250, 250, 1_750, 1_750, 2_250, 2_250])
    }

    @Test func linearLatencyHoldsValuesOutsideTheUnitIntervalAtItsEnds() {
        let encoder = LinearLatencyEncoder(featureCount: 2, early: 1, late: 2, bias: nil)
        #expect(encoder.channelCount == 2)
        #expect(encoder.encode([-3, 7]).map(\.tick) == [125, 250])
    }
}
