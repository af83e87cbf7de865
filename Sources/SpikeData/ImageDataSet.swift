import Dispatch
import Synchronization

/// How images become the 256 features of the reference network (Cramer, Billaudelle et al., PNAS 119(4), 2022).
public struct ImagePreprocessing: Sendable, Hashable {
    /// Rows and columns that are cut off at each edge.
    public var crop: Int
    /// Pixels of an edge afterwards.
    public var size: Int

    /// Cropping, then resampling.
    public init(crop: Int, size: Int) {
        self.crop = crop
        self.size = size
    }

    /// MNIST: 28 -> 24 by cropping, 24 -> 16 by resampling.
    public static let mnist = ImagePreprocessing(crop: 2, size: 16)
    /// Fashion-MNIST: 28 -> 16 by resampling.
    public static let fashionMNIST = ImagePreprocessing(crop: 0, size: 16)

    /// All images of a file, processed on all cores; shapes `[image, edge, edge]` to `[image, size, size]`.
    ///
    /// Traps if fewer than two pixels remain after cropping, or the pixels are not whole images.
    package func callAsFunction(_ pixels: [UInt8], edge: Int) -> [UInt8] {
        let zoom = SplineZoom(from: edge - 2 * crop, to: size)
        let imageSize = edge * edge
        precondition(
            pixels.count % imageSize == 0, "\(pixels.count) pixels are not images of \(imageSize)")
        let count = pixels.count / imageSize
        let chunk = 1_000
        let parts = Mutex([[UInt8]](repeating: [], count: (count + chunk - 1) / chunk))
        DispatchQueue.concurrentPerform(iterations: (count + chunk - 1) / chunk) { index in
            var part: [UInt8] = []
            for image in index * chunk..<min((index + 1) * chunk, count) {
                var cropped: [UInt8] = []
                for row in crop..<edge - crop {
                    let start = image * imageSize + row * edge
                    cropped.append(contentsOf: pixels[start + crop..<start + edge - crop])
                }
                part.append(contentsOf: zoom(cropped))
            }
            parts.withLock { $0[index] = part }
        }
        return parts.withLock { Array($0.joined()) }
    }
}

/// The four files of an image data set of the MNIST family, read and checked.
struct ImageDataSet {
    private let name: String
    private let train: (images: IDXFile, labels: IDXFile)
    private let test: (images: IDXFile, labels: IDXFile)
    private static let classCount = 10

    /// Reads the files of a catalogue entry: images and labels to train on, images and labels to test on.
    ///
    /// - Throws: `unreadable` or `malformed`, with the file and what is wrong with it.
    init(entry: DataCatalog.Entry, paths: [String]) throws(DataError) {
        name = entry.name
        train = try Self.read(images: paths[0], labels: paths[1])
        test = try Self.read(images: paths[2], labels: paths[3])
    }

    /// The splits with their images processed.
    func splits(_ preprocessing: ImagePreprocessing) -> DataSplits {
        DataSplits(
            train: set(train, preprocessing), validation: nil, test: set(test, preprocessing))
    }

    private func set(
        _ files: (images: IDXFile, labels: IDXFile), _ preprocessing: ImagePreprocessing
    ) -> DataSet {
        DataSet(
            name: name, imageShape: ImageShape(rows: preprocessing.size, columns: preprocessing.size),
            classCount: Self.classCount,
            pixels: preprocessing(files.images.values, edge: files.images.dimensions[1]),
            labels: files.labels.values)
    }

    private static func read(
        images: String, labels: String
    ) throws(DataError) -> (images: IDXFile, labels: IDXFile) {
        let images = try IDXFile(path: images, rank: 3)
        let labels = try IDXFile(path: labels, rank: 1)
        let shape = images.dimensions
        guard shape[1] == 28, shape[2] == 28 else {
            throw DataError(
                .malformed,
                "\(images.path): images should be 28 x 28 pixels, they are \(shape[1]) x \(shape[2]).",
                remedy: "Check that this is the right file.")
        }
        guard shape[0] == labels.dimensions[0] else {
            throw DataError(
                .malformed,
                "\(images.path) holds \(shape[0]) images, "
                    + "but \(labels.path) holds \(labels.dimensions[0]) labels.",
                remedy: "Check that both files belong to the same data set and split.")
        }
        if let index = labels.values.firstIndex(where: { $0 >= classCount }) {
            throw DataError(
                .malformed,
                "\(labels.path): label \(index) is \(labels.values[index]), "
                    + "but labels are 0 to \(classCount - 1).",
                remedy: "Check that this is the right file.")
        }
        return (images, labels)
    }
}
