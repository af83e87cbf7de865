public import Tensors

extension TimeSeries {
    /// Membranes in units of the model from CADC codes of a range of columns, as in `CADCMembranes`.
    ///
    /// `codes` has the shape `[entry, step, width]`. Traps if it has not or the columns are outside.
    public init(
        cadcCodes codes: [UInt8], entries: Int, steps: Int, width: Int, columns: Range<Int>, scale: Float,
        threads: Int = 1, level: KernelLevel = .best
    ) {
        self = CADCMembranes(
            codes: codes, entries: entries, steps: steps, width: width, columns: columns, scale: scale
        ).series(spikes: nil, threads: threads, level: level)
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

    /// The largest magnitude of an element, 0 for none.
    public var largestMagnitude: Float { TrainingKernels().largest(values) }

    /// Codes `round(scale * w)`, ties to even, clipped to `-limit...limit`, shape `[row, column]`, appended to others.
    ///
    /// Returns how many were clipped. Traps if the limit is not in `0...127`.
    public func appendCodes(scale: Float, limit: Int, to codes: inout [Int8]) -> Int {
        precondition((0...127).contains(limit), "codes of up to \(limit)")
        return TrainingKernels().quantize(self, scale: scale, limit: Float(limit), to: &codes)
    }
}
