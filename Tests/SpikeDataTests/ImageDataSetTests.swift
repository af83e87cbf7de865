import Crypto
import SpikeData
import Testing

@Suite struct ImageDataSetTests {
    /// Rows 0 and 7 and the sum, from `scipy.ndimage.zoom` 1.17.1 on the same bytes.
    @Test func zoomGivesThePixelsOfSciPyWithOvershootClipped() {
        let cropped = ImagePreprocessing(crop: 0, size: 16)(pattern(edge: 24), edge: 24)
        #expect(
            cropped[..<16].map(Int.init) == [
                0, 28, 107, 67, 135, 136, 105, 57, 52, 92, 119, 81, 217, 43, 248, 187,
            ])
        #expect(
            cropped[(7 * 16)..<(8 * 16)].map(Int.init) == [
                143, 116, 140, 133, 73, 70, 38, 66, 135, 57, 59, 137, 96, 40, 9, 84,
            ])
        #expect(cropped.reduce(0) { $0 + Int($1) } == 31_816)
        let whole = ImagePreprocessing.fashionMNIST(pattern(edge: 28), edge: 28)
        #expect(
            whole[..<16].map(Int.init) == [
                0, 37, 172, 60, 43, 123, 55, 59, 152, 0, 236, 39, 238, 182, 183, 83,
            ])
        #expect(whole.reduce(0) { $0 + Int($1) } == 31_813)
    }

    @Test func aFlatImageStaysFlat() {
        let flat = [UInt8](repeating: 93, count: 28 * 28)
        #expect(ImagePreprocessing.mnist(flat, edge: 28) == [UInt8](repeating: 93, count: 256))
    }

    @Test func cropDropsTheOuterTwoRowsAndColumns() {
        var image = [UInt8](repeating: 255, count: 28 * 28)
        for row in 2..<26 {
            for column in 2..<26 { image[row * 28 + column] = 7 }
        }
        #expect(ImagePreprocessing.mnist(image, edge: 28) == [UInt8](repeating: 7, count: 256))
    }

    /// SHA-256 of the first 10,000 images of each split as SciPy 1.17.1 zooms them.
    @Test(
        .enabled(if: SampleData.exists, "\(SampleData.absent)"),
        arguments: [
            (
                "mnist", "train",
                "de447c4528e2518d192c303f4547071cb68b166fd960e55f795fde3610097d26"
            ),
            ("mnist", "t10k", "fe1c18694b77996ba92cc76111ed2e6101f86b22b3dfd94b680da923a67219ef"),
            (
                "fashion-mnist", "train",
                "1c568ac13ae69e33d1ddc80b092cfe2155341f61045473fb052b20a8658cc574"
            ),
            (
                "fashion-mnist", "t10k",
                "66bfa4a200b2f4e7083b69ffdceddf839e4e2971157ad752b962bb0ebdbdca2f"
            ),
        ])
    func realImagesEqualThoseOfSciPy(name: String, split: String, hash: String) throws {
        let path = "\(SampleData.folder ?? "")/\(name)/\(split)-images-idx3-ubyte.gz"
        let file = try IDXFile(path: path, rank: 3)
        let preprocessing: ImagePreprocessing = name == "mnist" ? .mnist : .fashionMNIST
        let images = preprocessing(Array(file.values[..<(10_000 * 28 * 28)]), edge: 28)
        let digest = SHA256.hash(data: images)
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(digest == hash)
    }

    /// 56.733 by a count of the pixels above 51 in SciPy's zoom of the first 6,000 training images.
    @Test(.enabled(if: SampleData.exists, "\(SampleData.absent)"))
    func mnistGivesTheEventsThatSciPysPixelsGive() throws {
        let library = DataLibrary(folders: [SampleData.folder ?? ""])
        let splits = try library.load("mnist")
        #expect(splits.train.count == 60_000)
        #expect(splits.test.count == 10_000)
        let encoded = EncodedDataSet(
            splits.train.prefix(6_000), encoder: LatencyEncoder(channelCount: 256))
        #expect(abs(encoded.meanEventCount - 56.733) < 0.001, "\(encoded.meanEventCount)")
        #expect(encoded.trains.firstDisorder(unitCount: 256, window: 4_250) == nil)
    }

    private func pattern(edge: Int) -> [UInt8] {
        (0..<edge * edge).map { index in
            let (row, column) = (index / edge, index % edge)
            return UInt8((row * 37 + column * column * 11 + row * column * 5) % 256)
        }
    }
}
