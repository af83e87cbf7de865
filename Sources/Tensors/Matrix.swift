/// Row-major `[row, column]` floats whose rows are padded to whole vectors of 16, the padding always zero.
///
/// The padding lets the kernels read whole vectors; `values` includes it, subscripts do not reach it.
public struct Matrix: Sendable, Equatable {
    /// Floats of a vector, the unit of padding.
    public static let lane = 16

    /// Number of rows.
    public let rows: Int
    /// Number of columns, without padding.
    public let columns: Int
    /// Distance of the starts of two rows in `values`.
    public let stride: Int
    /// Shape `[rows, stride]`.
    public var values: [Float]

    /// All zeros.
    public init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        stride = Self.padded(columns)
        values = Array(repeating: 0, count: rows * stride)
    }

    /// Rows by a function of (row, column).
    public init(rows: Int, columns: Int, _ element: (Int, Int) -> Float) {
        self.init(rows: rows, columns: columns)
        for row in 0..<rows {
            for column in 0..<columns { self[row, column] = element(row, column) }
        }
    }

    /// From values without padding, shape `[rows, columns]`. Traps if their number is wrong.
    public init(rows: Int, columns: Int, unpadded: [Float]) {
        precondition(
            unpadded.count == rows * columns,
            "\(unpadded.count) values do not make \(rows) x \(columns)")
        self.init(rows: rows, columns: columns) { unpadded[$0 * columns + $1] }
    }

    /// From values with padding, shape `[rows, stride]`. Traps if their number is wrong; the padding has to be 0.
    public init(rows: Int, columns: Int, padded values: [Float]) {
        self.rows = rows
        self.columns = columns
        stride = Self.padded(columns)
        precondition(
            values.count == rows * stride, "\(values.count) values do not make \(rows) x \(stride)")
        self.values = values
    }

    /// The values without padding, shape `[rows, columns]`.
    public var unpadded: [Float] {
        var result: [Float] = []
        result.reserveCapacity(rows * columns)
        for row in 0..<rows {
            result.append(contentsOf: values[row * stride..<row * stride + columns])
        }
        return result
    }

    /// An element.
    public subscript(row: Int, column: Int) -> Float {
        get { values[row * stride + column] }
        set { values[row * stride + column] = newValue }
    }

    /// A number of columns rounded up to whole vectors.
    public static func padded(_ columns: Int) -> Int {
        (columns + lane - 1) / lane * lane
    }
}
