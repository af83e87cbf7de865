import Tensors

/// Turns each image about its centre by a random angle, drawn anew for every (seed, epoch, sample).
///
/// Bilinear interpolation; what comes from outside of the image is black. (The reference rotates MNIST by up to 15
/// degrees: Cramer, Billaudelle et al., PNAS 119(4), 2022.)
public struct RandomRotation: Sendable, Hashable {
    /// Rows and columns of the images.
    public let shape: ImageShape
    /// Largest angle, in degrees; angles are uniform in both directions.
    public let maximumDegrees: Double
    /// Seed of the run.
    public let seed: UInt64
    /// The epoch, counted from zero.
    public let epoch: Int

    /// The rotations of an epoch.
    public init(shape: ImageShape, maximumDegrees: Double, seed: UInt64, epoch: Int) {
        self.shape = shape
        self.maximumDegrees = maximumDegrees
        self.seed = seed
        self.epoch = epoch
    }

    /// The image of a sample, turned by the angle of that sample; shape `[row, column]`.
    ///
    /// Traps if the image does not have the shape.
    public func rotated(_ image: [Float], sample: Int) -> [Float] {
        var stream = RandomStream(
            seed: seed, purpose: .augmentation, UInt64(epoch), UInt64(sample))
        return rotated(image, degrees: (2 * stream.nextUniform() - 1) * maximumDegrees)
    }

    /// The image turned counter-clockwise by an angle; shape `[row, column]`.
    ///
    /// Traps if the image does not have the shape.
    package func rotated(_ image: [Float], degrees: Double) -> [Float] {
        precondition(
            image.count == shape.pixelCount,
            "\(image.count) pixels are not \(shape.rows) x \(shape.columns)")
        let (sine, cosine) = Self.sineAndCosine(degrees * .pi / 180)
        let middleRow = Double(shape.rows - 1) / 2
        let middleColumn = Double(shape.columns - 1) / 2
        var result: [Float] = []
        result.reserveCapacity(image.count)
        for row in 0..<shape.rows {
            for column in 0..<shape.columns {
                // Where the pixel comes from: the inverse rotation, rows counting downwards.
                let y = Double(row) - middleRow
                let x = Double(column) - middleColumn
                result.append(
                    sample(
                        image, row: middleRow + cosine * y + sine * x,
                        column: middleColumn + cosine * x - sine * y))
            }
        }
        return result
    }

    /// The image between pixels, black outside.
    private func sample(_ image: [Float], row: Double, column: Double) -> Float {
        let top = row.rounded(.down)
        let left = column.rounded(.down)
        var sum = 0.0
        for (dy, rowWeight) in [(0.0, 1 - (row - top)), (1.0, row - top)] {
            for (dx, columnWeight) in [(0.0, 1 - (column - left)), (1.0, column - left)] {
                let r = Int(top + dy)
                let c = Int(left + dx)
                guard r >= 0, r < shape.rows, c >= 0, c < shape.columns else { continue }
                sum += rowWeight * columnWeight * Double(image[r * shape.columns + c])
            }
        }
        return Float(sum)
    }

    /// Sine and cosine by their power series, the same on every machine; angle in radians, up to a half turn.
    private static func sineAndCosine(_ angle: Double) -> (Double, Double) {
        let square = angle * angle
        var sine = 1.0
        var cosine = 1.0
        for n in stride(from: 24.0, through: 2, by: -2) {
            cosine = 1 - square / ((n - 1) * n) * cosine
            sine = 1 - square / (n * (n + 1)) * sine
        }
        return (sine * angle, cosine)
    }
}
