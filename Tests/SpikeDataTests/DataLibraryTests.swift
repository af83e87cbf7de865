import SpikeData
import Testing

@Suite struct DataLibraryTests {
    private let folder = TemporaryFolder()

    @Test func anUnknownNameListsTheKnownOnes() {
        #expect {
            try DataLibrary(folders: []).load("minst")
        } throws: { "\($0)".contains("\"minst\"") && "\($0)".contains("yin-yang, mnist, fashion-mnist") }
    }

    @Test func missingFilesAreNamedWithPlacesAndTheCommand() {
        let error = #expect(throws: DataError.self) {
            try DataLibrary(folders: [folder.path]).load("mnist")
        }
        #expect(error?.code == .missing)
        for word in [
            "train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", folder.path,
            "\(folder.path)/mnist", "volley data fetch mnist", "--data",
        ] {
            #expect("\(error, default: "")".contains(word))
        }
    }

    @Test func aFolderGivenIsTheOnlyOneSearched() {
        let environment = ["VOLLEY_DATA": "/v", "HOME": "/h"]
        #expect(DataLibrary(folder: "/d", environment: environment).folders == ["/d"])
        #expect(
            DataLibrary(folder: nil, environment: environment).folders
                == ["/v", "/h/.cache/volley/data"])
        #expect(
            DataLibrary(folder: nil, environment: ["XDG_CACHE_HOME": "/c"]).folders
                == ["/c/volley/data"])
    }

    @Test func yinYangNeedsNoFiles() throws {
        #expect(try DataLibrary(folders: []).load("yin-yang").test.count == 1_000)
    }

    @Test func unpackedFilesInTheFolderItselfServe() throws {
        write(images: 4, labels: [0, 1, 2, 9])
        let splits = try DataLibrary(folders: [folder.path]).load("mnist")
        #expect(splits.train.count == 4)
        #expect(splits.train.labels == [0, 1, 2, 9])
        #expect(splits.test.features(of: 3).count == 256)
    }

    @Test func aLabelOutOfRangeIsRefusedWithItsPlace() {
        write(images: 4, labels: [0, 1, 10, 9])
        expect("label 2 is 10, but labels are 0 to 9")
    }

    @Test func countsOfImagesAndLabelsMustAgree() {
        write(images: 3, labels: [0, 1, 2, 3])
        expect("3 images", "4 labels")
    }

    @Test func imagesOfAnotherSizeAreRefused() {
        write(images: 4, labels: [0, 1, 2, 3], edge: 27)
        expect("28 x 28 pixels, they are 27 x 27")
    }

    @Test func aFileOfAnotherDataSetIsRefused() throws {
        let entry = try DataCatalog.entry("mnist")
        for file in entry.files {
            folder.write([UInt8](repeating: 0, count: file.byteCount), to: file.name)
        }
        #expect {
            try DataLibrary(folders: [folder.path]).load("fashion-mnist")
        } throws: { "\($0)".contains("is a file of mnist, not of fashion-mnist") }
    }

    private func expect(_ words: String..., location: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: DataError.self, sourceLocation: location) {
            try DataLibrary(folders: [folder.path]).load("mnist")
        }
        for word in words + [folder.path] {
            #expect("\(error, default: "")".contains(word), sourceLocation: location)
        }
    }

    private func write(images: Int, labels: [UInt8], edge: Int = 28) {
        let pixels = [UInt8](repeating: 50, count: images * edge * edge)
        let shape: [UInt8] = [UInt8(images), 0, 0, 0, UInt8(edge), 0, 0, 0, UInt8(edge)]
        for split in ["train", "t10k"] {
            folder.write([0, 0, 8, 3, 0, 0, 0] + shape + pixels, to: "\(split)-images-idx3-ubyte")
            folder.write(
                [0, 0, 8, 1, 0, 0, 0, UInt8(labels.count)] + labels,
                to: "\(split)-labels-idx1-ubyte")
        }
    }
}
