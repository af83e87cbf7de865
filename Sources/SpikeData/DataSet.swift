/// Labelled samples of one split: features between 0 and 1, shape `[sample, feature]`.
public struct DataSet: Sendable {
    /// Name of the data set, for messages.
    public let name: String
    /// Features of a sample.
    public let featureCount: Int
    /// Number of classes; labels are below it.
    public let classCount: Int
    /// Rows and columns, if the features of a sample are an image.
    public let imageShape: ImageShape?
    /// The class of each sample; shape `[sample]`.
    public let labels: [UInt8]
    private let values: Values

    /// Pixels stay bytes: 60,000 images of 16 x 16 take 15 MB instead of 61.
    private enum Values: Sendable {
        case floats([Float])
        case bytes([UInt8])
    }

    /// Samples by their features, shape `[sample, feature]`.
    ///
    /// Traps if the counts do not fit together or a label is not below `classCount`.
    public init(
        name: String, featureCount: Int, classCount: Int, features: [Float], labels: [UInt8]
    ) {
        Self.check(features.count, featureCount, classCount, labels)
        self.name = name
        self.featureCount = featureCount
        self.classCount = classCount
        self.labels = labels
        imageShape = nil
        values = .floats(features)
    }

    /// Grey images by their pixels, shape `[sample, row, column]`; the feature of a pixel is `pixel / 255`.
    ///
    /// Traps if the counts do not fit together or a label is not below `classCount`.
    public init(
        name: String, imageShape: ImageShape, classCount: Int, pixels: [UInt8], labels: [UInt8]
    ) {
        Self.check(pixels.count, imageShape.pixelCount, classCount, labels)
        self.name = name
        self.featureCount = imageShape.pixelCount
        self.classCount = classCount
        self.labels = labels
        self.imageShape = imageShape
        values = .bytes(pixels)
    }

    /// Number of samples.
    public var count: Int { labels.count }

    /// The features of a sample; shape `[feature]`.
    public func features(of sample: Int) -> [Float] {
        let range = sample * featureCount..<(sample + 1) * featureCount
        switch values {
        case .floats(let floats): return Array(floats[range])
        case .bytes(let bytes): return bytes[range].map { Float($0) / 255 }
        }
    }

    /// The first samples, all of them if there are not so many.
    public func prefix(_ limit: Int) -> DataSet {
        guard limit < count else { return self }
        let labels = Array(labels[..<limit])
        switch values {
        case .floats(let floats):
            return DataSet(
                name: name, featureCount: featureCount, classCount: classCount,
                features: Array(floats[..<(limit * featureCount)]), labels: labels)
        case .bytes(let bytes):
            return DataSet(
                name: name, imageShape: imageShape ?? ImageShape(rows: 1, columns: featureCount),
                classCount: classCount, pixels: Array(bytes[..<(limit * featureCount)]),
                labels: labels)
        }
    }

    private static func check(_ values: Int, _ features: Int, _ classes: Int, _ labels: [UInt8]) {
        precondition(
            values == labels.count * features,
            "\(values) values are not \(labels.count) samples of \(features)")
        let largest = Int(labels.max() ?? 0)
        precondition(largest < max(classes, 1), "label \(largest) is not below \(classes)")
    }
}

/// Rows and columns of an image, row-major.
public struct ImageShape: Sendable, Hashable, Codable {
    /// Number of rows.
    public var rows: Int
    /// Number of columns.
    public var columns: Int

    /// A shape of rows and columns.
    public init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
    }

    /// Rows times columns.
    public var pixelCount: Int { rows * columns }
}

/// The parts of a data set: one to train on, one to choose by where the data set has it, one to report.
public struct DataSplits: Sendable {
    /// The samples to train on.
    public var train: DataSet
    /// The samples to choose settings by, if the data set comes with such a split.
    public var validation: DataSet?
    /// The samples to report on.
    public var test: DataSet

    /// The parts of a data set.
    public init(train: DataSet, validation: DataSet?, test: DataSet) {
        self.train = train
        self.validation = validation
        self.test = test
    }
}
