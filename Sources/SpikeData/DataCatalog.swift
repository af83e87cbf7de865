/// The data sets that the product knows by name.
public enum DataCatalog {
    /// A data set.
    public struct Entry: Sendable {
        /// The name in experiments and commands.
        public let name: String
        /// What it is, in a line.
        public let summary: String
        /// Its licence, as far as its authors state one.
        public let licence: String
        /// The files it consists of; empty if it is generated.
        public let files: [File]
        /// Folders on the web that hold the files, tried in order.
        public let mirrors: [String]
        package let content: Content

        /// An entry; every argument has the meaning of the property of its name.
        package init(
            name: String, summary: String, licence: String, files: [File], mirrors: [String],
            content: Content
        ) {
            self.name = name
            self.summary = summary
            self.licence = licence
            self.files = files
            self.mirrors = mirrors
            self.content = content
        }
    }

    /// A file of a data set.
    public struct File: Sendable, Hashable {
        /// Name in a folder and on the mirrors.
        public let name: String
        /// Length in bytes.
        public let byteCount: Int
        /// SHA-256 of the content, in hexadecimal.
        public let sha256: String

        /// A file; every argument has the meaning of the property of its name.
        package init(name: String, byteCount: Int, sha256: String) {
            self.name = name
            self.byteCount = byteCount
            self.sha256 = sha256
        }
    }

    /// How samples are made.
    package enum Content: Sendable {
        case yinYang
        case images(ImagePreprocessing)
    }

    /// All data sets.
    public static let entries = [yinYang, mnist, fashionMNIST]

    /// The data set of a name.
    ///
    /// - Throws: `unknownName`, with the names that there are.
    public static func entry(_ name: String) throws(DataError) -> Entry {
        if let entry = entries.first(where: { $0.name == name }) { return entry }
        throw DataError(
            .unknownName, "There is no data set \"\(name)\".",
            remedy: "Known: \(entries.map(\.name).joined(separator: ", ")).")
    }

    private static let yinYang = Entry(
        name: "yin-yang", summary: "points of a disc, 4 features, 3 classes; generated, no files",
        licence: "MIT (definition: Kriener, Göltz, Petrovici 2022)", files: [], mirrors: [],
        content: .yinYang)

    private static let mnist = Entry(
        name: "mnist", summary: "handwritten digits, 60,000 + 10,000 images, used as 16 x 16",
        licence: "CC BY-SA 3.0, LeCun and Cortes",
        files: imageFiles([
            (9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
            (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
            (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
            (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
        ]),
        mirrors: [
            "https://ossci-datasets.s3.amazonaws.com/mnist",
            "https://storage.googleapis.com/cvdf-datasets/mnist",
        ],
        content: .images(.mnist))

    private static let fashionMNIST = Entry(
        name: "fashion-mnist", summary: "clothing, 60,000 + 10,000 images, used as 16 x 16",
        licence: "MIT, Zalando SE",
        files: imageFiles([
            (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
        ]),
        mirrors: [
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        ],
        content: .images(.fashionMNIST))

    /// The four files of the MNIST family: images and labels to train on, images and labels to test on.
    private static func imageFiles(_ known: [(Int, String)]) -> [File] {
        let names = [
            "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
            "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz",
        ]
        return zip(names, known).map { File(name: $0, byteCount: $1.0, sha256: $1.1) }
    }
}
