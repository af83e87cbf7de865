/// The signed weight codes of all projections of a configuration.
public struct SynapseMatrix: Sendable, Equatable {
    /// The blocks of the projections in order, each `[source, target]`, row-major.
    public var codes: [Int8]

    /// Weight codes of all projections in order.
    public init(codes: [Int8]) {
        self.codes = codes
    }

    /// All weights zero, for a configuration.
    public init(silentFor configuration: ChipConfiguration) {
        codes = Array(repeating: 0, count: configuration.synapseCount)
    }
}
