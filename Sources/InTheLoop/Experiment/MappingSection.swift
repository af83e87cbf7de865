import Settings

/// How weights become codes.
public struct MappingSection: Sendable, Equatable {
    /// Codes per unit of hidden weight.
    public var hiddenScale: Double
    /// Largest number of codes per unit of readout weight.
    public var readoutScaleLimit: Double

    init(reading reader: inout FieldReader) throws(FieldError) {
        hiddenScale = try reader.number(
            "mapping.hidden_scale", 240, in: 1...100_000,
            "Weight codes per unit of hidden weight; hidden weights are clamped to what the codes can express.")
        readoutScaleLimit = try reader.number(
            "mapping.readout_scale_limit", 250, in: 1...100_000,
            "Most weight codes per unit of readout weight; less where the largest weight needs it.")
    }
}
