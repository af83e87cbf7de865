import ChipEmulator
import Substrate
import Testing

/// Which entries are marked for codes at an end of the converter's range, on the ideal chip.
@Suite struct ConverterRangeTests {
    /// More than a block of neurons, each driven to both ends by an input of its own. Ranges begin and end within blocks,
    /// at their borders and beside them.
    @Test(arguments: [0..<40, 5..<35, 31..<33, 32..<40, 0..<32, 39..<40, 12..<12])
    func anEntryIsMarkedIfARecordedCodeIsAtAnEnd(membranes: Range<Int>) throws {
        let neurons = 40
        let configuration = TestBatch.single(
            .integrating, size: neurons, inputs: 2 * neurons, targets: TestBatch.targets(gain: 20))
        let codes = (0..<2 * neurons * neurons).map { place in
            let (input, neuron) = place.quotientAndRemainder(dividingBy: neurons)
            return Int8(input % neurons == neuron ? (input < neurons ? 63 : -63) : 0)
        }
        let entries = [[]] + (0..<2 * neurons).map { [(100, $0)] }
        let batch = TestBatch.batch(configuration, codes: codes, entries: entries, membranes: membranes)
        var chip = EmulatedChip(profile: .ideal, serial: 1, threads: 1)
        let recording = try chip.run(batch)
        let size = configuration.sampleCount * membranes.count
        for (entry, validity) in recording.validity.enumerated() {
            let marked = validity.contains(.saturated)
            let isDriven = entry > 0 && membranes.contains((entry - 1) % neurons)
            #expect(marked == isDriven, "entry \(entry)")
            let codes = recording.membranes?.codes[entry * size..<(entry + 1) * size] ?? []
            #expect(marked == codes.contains { $0 == 0 || $0 == 255 }, "entry \(entry)")
        }
    }
}
