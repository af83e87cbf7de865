/// Resampling of square images by cubic B-splines, corner to corner.
///
/// Gives what `scipy.ndimage.zoom` of order 3 gives with its defaults (mode `constant`, `grid_mode` off), which the
/// reference uses: output pixel `k` lies at `k (in - 1) / (out - 1)`, coefficients are those of the interpolating spline
/// with mirrored ends (Unser, IEEE Signal Processing Magazine 16(6), 1999), and bytes are rounded half up and clipped to
/// 0...255. Clipped, not wrapped: the zoom's output has the type of its input, and the reference casts only afterwards.
struct SplineZoom: Sendable {
    /// Pixels of an edge of the input.
    let inputSize: Int
    /// Pixels of an edge of the output.
    let outputSize: Int
    /// One dimension of the zoom, a linear map; shape `[output, input]`.
    private let map: [Double]

    /// A zoom from one size to another; traps if a size is below 2.
    init(from inputSize: Int, to outputSize: Int) {
        precondition(
            inputSize >= 2 && outputSize >= 2, "no zoom from \(inputSize) to \(outputSize) pixels")
        self.inputSize = inputSize
        self.outputSize = outputSize
        var map = [Double](repeating: 0, count: outputSize * inputSize)
        for column in 0..<inputSize {
            var unit = [Double](repeating: 0, count: inputSize)
            unit[column] = 1
            let coefficients = Self.coefficients(of: unit)
            for row in 0..<outputSize {
                let position = Double(row) * Double(inputSize - 1) / Double(outputSize - 1)
                map[row * inputSize + column] = Self.value(of: coefficients, at: position)
            }
        }
        self.map = map
    }

    /// The image zoomed; shapes `[inputSize, inputSize]` to `[outputSize, outputSize]`. Traps on another shape.
    func callAsFunction(_ image: [UInt8]) -> [UInt8] {
        precondition(
            image.count == inputSize * inputSize,
            "\(image.count) pixels are not \(inputSize) x \(inputSize)")
        // Columns first: rows[o, x] = sum_y map[o, y] image[y, x].
        var rows = [Double](repeating: 0, count: outputSize * inputSize)
        for output in 0..<outputSize {
            for y in 0..<inputSize {
                let weight = map[output * inputSize + y]
                for x in 0..<inputSize {
                    rows[output * inputSize + x] += weight * Double(image[y * inputSize + x])
                }
            }
        }
        var result: [UInt8] = []
        result.reserveCapacity(outputSize * outputSize)
        for y in 0..<outputSize {
            for output in 0..<outputSize {
                var sum = 0.0
                for x in 0..<inputSize {
                    sum += map[output * inputSize + x] * rows[y * inputSize + x]
                }
                result.append(UInt8(min(max(sum + 0.5, 0), 255)))
            }
        }
        return result
    }

    /// Coefficients of the cubic spline through the values, by a recursive filter in both directions.
    ///
    /// Pole `z = sqrt(3) - 2`, gain 6. The forward pass starts from the exact sum over the mirrored signal, whose period
    /// is `2 n - 2`.
    private static func coefficients(of values: [Double]) -> [Double] {
        let pole = 3.0.squareRoot() - 2
        let last = values.count - 1
        var c = values.map { 6 * $0 }
        var start = 0.0
        var power = 1.0
        for index in 0..<2 * last {
            start += power * c[index <= last ? index : 2 * last - index]
            power *= pole
        }
        c[0] = start / (1 - power)
        for index in 1...last { c[index] += pole * c[index - 1] }
        c[last] = pole / (pole * pole - 1) * (c[last] + pole * c[last - 1])
        for index in stride(from: last - 1, through: 0, by: -1) {
            c[index] = pole * (c[index + 1] - c[index])
        }
        return c
    }

    /// The spline at a position between its ends.
    private static func value(of coefficients: [Double], at position: Double) -> Double {
        let last = coefficients.count - 1
        let base = Int(position.rounded(.down))
        return (base - 1...base + 2).reduce(0) { sum, knot in
            let distance = abs(position - Double(knot))
            let mirrored = knot < 0 ? -knot : knot > last ? 2 * last - knot : knot
            return sum + basis(distance) * coefficients[max(0, mirrored)]
        }
    }

    /// The cubic B-spline at a distance from its centre.
    private static func basis(_ x: Double) -> Double {
        if x < 1 { return (4 + 3 * x * x * (x - 2)) / 6 }
        if x < 2 { return (2 - x) * (2 - x) * (2 - x) / 6 }
        return 0
    }
}
