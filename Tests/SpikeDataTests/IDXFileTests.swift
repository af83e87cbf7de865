import CZlib
import SpikeData
import Testing

@Suite struct IDXFileTests {
    private let folder = TemporaryFolder()
    private let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 9]

    @Test func plainAndGzipReadAlike() throws {
        let plain = try IDXFile(path: folder.write(labels, to: "a"), rank: 1)
        let packed = try IDXFile(path: folder.write(gzip(labels), to: "b"), rank: 1)
        #expect(plain.dimensions == [3])
        #expect(plain.values == [5, 0, 9])
        #expect(packed.values == plain.values)
    }

    @Test func threeDimensionsAreReadBigEndian() throws {
        let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0, 1]
        let bytes = header + [UInt8](repeating: 4, count: 512)
        let file = try IDXFile(path: folder.write(bytes, to: "c"), rank: 3)
        #expect(file.dimensions == [2, 256, 1])
    }

    @Test func aFileThatIsNotIDXSaysWhatItBeginsWith() {
        let path = folder.write(Array("%PDF-1.7 text".utf8), to: "d")
        expectMalformed(path, saying: "begins with 25 50 44 46", "should begin with 00 00 08 01")
    }

    @Test func wrongRankIsRefused() {
        expectMalformed(
            folder.write([0, 0, 8, 3] + labels[4...], to: "e"), saying: "begins with 00 00 08 03")
    }

    @Test func missingAndTrailingValuesAreCounted() {
        expectMalformed(
            folder.write(labels.dropLast(), to: "f"), saying: "[3] need 3 values", "but 2 follow")
        expectMalformed(folder.write(labels + [1, 1], to: "g"), saying: "but 5 follow")
    }

    @Test(arguments: [0, 1, 2, 3, 4, 7])
    func aFileOfAFewBytesIsRefused(count: Int) {
        expectMalformed(folder.write(Array(labels[..<count]), to: "h\(count)"), saying: "should")
    }

    @Test func dimensionsThatOverflowAreRefused() {
        let bytes: [UInt8] = [0, 0, 8, 3] + [UInt8](repeating: 0xFF, count: 12) + [1]
        let path = folder.write(bytes, to: "i")
        #expect {
            try IDXFile(path: path, rank: 3)
        } throws: { "\($0)".contains("too large") }
    }

    @Test func aTruncatedGzipSaysWhereItEnds() {
        let packed = gzip(labels)
        for cut in 2..<packed.count {
            let path = folder.write(Array(packed[..<cut]), to: "j\(cut)")
            expectMalformed(path, saying: "not a whole gzip file", "after \(cut) bytes", "fetch it again")
        }
    }

    @Test func aDamagedGzipIsRefused() {
        var packed = gzip(labels)
        packed[packed.count - 6] ^= 0x40
        expectMalformed(folder.write(packed, to: "k"), saying: "is damaged")
    }

    @Test func bytesAfterTheGzipDataAreRefused() {
        expectMalformed(
            folder.write(gzip(labels) + [1, 2, 3], to: "l"), saying: "3 bytes follow the end")
    }

    @Test func aMissingFileIsNamed() {
        #expect {
            try IDXFile(path: "\(folder.path)/none", rank: 1)
        } throws: { error in
            (error as? DataError)?.code == .missing && "\(error)".contains("/none: No such file")
        }
    }

    private func expectMalformed(
        _ path: String, saying words: String..., location: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: DataError.self, sourceLocation: location) {
            try IDXFile(path: path, rank: 1)
        }
        #expect(error?.code == .malformed, sourceLocation: location)
        for word in words + [path] {
            #expect("\(error, default: "")".contains(word), sourceLocation: location)
        }
    }

    private func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        deflateInit2_(
            &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        defer { deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: bytes.count + 100)
        input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                deflate(&stream, Z_FINISH)
            }
        }
        return Array(output[..<Int(stream.total_out)])
    }
}
