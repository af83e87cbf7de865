public import Tensors

extension TimeSeries {
    /// Membranes in units of the model from CADC codes, of a range of columns:
    /// `out[e,t,n] = (code[e,t,columns.lowerBound+n] - code[e,0,columns.lowerBound+n]) * scale`.
    ///
    /// The first sample is subtracted per entry and column, which removes offsets of the resting potential (Cramer et
    /// al., PNAS 2022). `codes` has the shape `[entry, step, width]`. Traps if it has not or the columns are outside.
    public init(
        cadcCodes codes: [UInt8], entries: Int, steps: Int, width: Int, columns: Range<Int>, scale: Float,
        threads: Int = 1, level: KernelLevel = .best
    ) {
        precondition(
            codes.count == entries * steps * width,
            "\(codes.count) codes do not make \(entries) x \(steps) x \(width)")
        precondition(
            columns.lowerBound >= 0 && columns.upperBound <= width, "columns \(columns) of \(width)")
        self = TrainingKernels(level: level, threads: threads).membranes(
            codes: codes, entries: entries, steps: steps, width: width, columns: columns, scale: scale)
    }
}

extension Matrix {
    /// Adds another, times a factor. Traps if the shapes differ.
    mutating func add(_ other: Matrix, times factor: Float) {
        precondition(
            rows == other.rows && columns == other.columns,
            "\(rows) x \(columns) + \(other.rows) x \(other.columns)")
        TrainingKernels().add(other.values, times: factor, to: &values)
    }

    /// Multiplies by a factor.
    mutating func scale(by factor: Float) {
        for index in values.indices { values[index] *= factor }
    }
}
