import SpikeData
import Testing

@Suite struct RandomRotationTests {
    private let shape = ImageShape(rows: 16, columns: 16)

    @Test func noAngleChangesNothing() {
        let image = (0..<256).map { Float($0) / 255 }
        #expect(rotation(0).rotated(image, sample: 3) == image)
    }

    @Test func aQuarterTurnMovesRightToTop() {
        var image = [Float](repeating: 0, count: 256)
        image[7 * 16 + 15] = 1
        let turned = rotation(90).rotated(image, degrees: 90)
        let brightest = turned.indices.max { turned[$0] < turned[$1] }
        #expect(brightest == 0 * 16 + 7)
        #expect(abs(turned.reduce(0, +) - 1) < 1e-5)
    }

    @Test func thereAndBackComesCloseToASmoothImage() {
        let image = (0..<256).map { index in
            let y = Float(index / 16) - 7.5
            let x = Float(index % 16) - 6
            return 1 / (1 + (x * x + 2 * y * y) / 20)
        }
        let rotation = rotation(15)
        let back = rotation.rotated(rotation.rotated(image, degrees: 12), degrees: -12)
        for row in 4..<12 {
            for column in 4..<12 {
                let index = row * 16 + column
                #expect(abs(back[index] - image[index]) < 0.05)
            }
        }
    }

    @Test func angleIsAFunctionOfSeedEpochAndSample() {
        let image = (0..<256).map { Float($0 % 7) / 7 }
        let first = rotation(15, epoch: 2).rotated(image, sample: 5)
        #expect(first == rotation(15, epoch: 2).rotated(image, sample: 5))
        #expect(first != rotation(15, epoch: 2).rotated(image, sample: 6))
        #expect(first != rotation(15, epoch: 3).rotated(image, sample: 5))
    }

    private func rotation(_ degrees: Double, epoch: Int = 0) -> RandomRotation {
        RandomRotation(shape: shape, maximumDegrees: degrees, seed: 1, epoch: epoch)
    }
}
