import Substrate

/// A batch that a caller waits for: its slices, until they are handed on or, where nobody wants them, to the end.
struct BatchUnderWay {
    private let entryCount: Int
    /// Entries of a slice that is handed on; `nil` where none is.
    private let length: Int?
    private let receive: @Sendable (RecordingSlice) -> Void
    /// Slices that were not handed on.
    private(set) var slices: [RecordingSlice] = []
    /// How it ended.
    var outcome: Result<RecordingTotals, DeviceError>?

    /// A batch of so many entries.
    init(entryCount: Int, length: Int?, receive: @escaping @Sendable (RecordingSlice) -> Void) {
        self.entryCount = entryCount
        self.length = length
        self.receive = receive
    }

    /// Takes a slice from the link, which may be shorter than those that are wanted; one from entry 0 on begins anew.
    mutating func take(_ slice: RecordingSlice) {
        if slice.firstEntry == 0 { slices = [] }
        slices.append(slice)
        guard let length else { return }
        let entries = slices[0].firstEntry..<slice.entries.upperBound
        guard entries.count >= length || entries.upperBound == entryCount else { return }
        let whole = RecordingSlice(joining: slices)
        slices = []
        receive(whole)
    }
}
