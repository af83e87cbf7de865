public import Tensors

/// Membranes of a layer as CADC codes; model units come of them when they are needed.
///
/// `V[e,t,n] = (code[e,t,columns.lowerBound+n] - code[e,0,columns.lowerBound+n]) * scale`: the first sample is subtracted
/// per entry and column, which removes offsets of the resting potential (Cramer et al., PNAS 2022). Where a spike was
/// measured, V is at least `atSpike`, if that is given.
public struct CADCMembranes: Sendable, Equatable {
    /// Codes `[entry, step, width]`.
    public let codes: [UInt8]
    /// Batch entries.
    public let entries: Int
    /// Time steps.
    public let steps: Int
    /// Columns of the recording.
    public let width: Int
    /// Those of the layer.
    public let columns: Range<Int>
    /// Model units of a code.
    public let scale: Float
    /// What a membrane is at least where there is a spike.
    public let atSpike: Float?

    /// Codes of a layer. Traps if their number is wrong or the columns are outside.
    public init(
        codes: [UInt8], entries: Int, steps: Int, width: Int, columns: Range<Int>, scale: Float,
        atSpike: Float? = nil
    ) {
        precondition(
            codes.count == entries * steps * width,
            "\(codes.count) codes do not make \(entries) x \(steps) x \(width)")
        precondition(
            columns.lowerBound >= 0 && columns.upperBound <= width, "columns \(columns) of \(width)")
        self.codes = codes
        self.entries = entries
        self.steps = steps
        self.width = width
        self.columns = columns
        self.scale = scale
        self.atSpike = atSpike
    }

    /// In model units, lifted where the layer's measured spikes are, if there are any.
    public func series(spikes: GriddedSpikes?, threads: Int = 1, level: KernelLevel = .best) -> TimeSeries {
        var series = TrainingKernels(level: level, threads: threads).membranes(self)
        guard let spikes, let atSpike else { return series }
        for bin in 0..<spikes.entries * spikes.steps {
            for index in Int(spikes.offsets[bin])..<Int(spikes.offsets[bin + 1]) {
                let place = bin * series.stride + Int(spikes.units[index])
                if series.values[place] < atSpike { series.values[place] = atSpike }
            }
        }
        return series
    }
}
