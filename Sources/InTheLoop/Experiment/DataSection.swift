import Settings

/// What is learned.
public struct DataSection: Sendable, Equatable {
    /// Name of the data set in the catalogue.
    public var set: String
    /// Training samples used; zero for all.
    public var trainingSamples: Int

    init(reading reader: inout FieldReader) throws(FieldError) {
        set = try reader.text(
            "data.set", "yin-yang", "Name of the data set; `volley data list` shows what there is.")
        trainingSamples = try reader.integer(
            "data.training_samples", 0, in: 0...10_000_000,
            "Training samples used, from the first; 0 means all.")
    }
}
