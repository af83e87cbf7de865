import Settings

/// How weights become codes.
public struct MappingSection: Sendable, Equatable {
    /// The largest code that the scales are stated for.
    public static let referenceLimit = 63

    /// Codes per unit of hidden weight, on a chip of the reference limit.
    public var hiddenScale: Double
    /// Largest number of codes per unit of readout weight, on a chip of the reference limit.
    public var readoutScaleLimit: Double

    /// Codes per unit of hidden weight on a chip whose codes end at a limit, so that the range of weights is the same.
    public func hiddenScale(weightLimit: Int) -> Double {
        hiddenScale * Double(weightLimit) / Double(Self.referenceLimit)
    }

    /// Largest number of codes per unit of readout weight on a chip whose codes end at a limit.
    public func readoutScaleLimit(weightLimit: Int) -> Double {
        readoutScaleLimit * Double(weightLimit) / Double(Self.referenceLimit)
    }

    init(reading reader: inout FieldReader) throws(FieldError) {
        hiddenScale = try reader.number(
            "mapping.hidden_scale", 240, in: 1...100_000,
            "Weight codes per unit of hidden weight where codes end at 63, in proportion on other chips; sets the range of weights."
        )
        readoutScaleLimit = try reader.number(
            "mapping.readout_scale_limit", 250, in: 1...100_000,
            "Most weight codes per unit of readout weight where codes end at 63; less where the largest weight needs it."
        )
    }
}
