/// A file of the MNIST family: unsigned bytes in an array of one or more dimensions, plain or gzip.
///
/// Layout (LeCun, Cortes, Burges, the MNIST database): two zero bytes, a type (0x08: unsigned byte), the number of
/// dimensions, each dimension as 32 bits big-endian, then the values, last dimension fastest.
public struct IDXFile: Sendable, Equatable {
    /// Where it was read from, for messages.
    public let path: String
    /// Length of each dimension.
    public let dimensions: [Int]
    /// The values, last dimension fastest.
    public let values: [UInt8]

    /// The most bytes that are read: room for 20 MNISTs.
    private static let limit = 1 << 30

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - rank: the number of dimensions that it must have.
    /// - Throws: `missing`, `unreadable`; `malformed` with what was expected and what was found.
    public init(path: String, rank: Int) throws(DataError) {
        let bytes = try GzipFile.read(path, limit: Self.limit)
        try self.init(bytes: bytes, path: path, rank: rank)
    }

    /// Parses a file that is in memory and unpacked.
    package init(bytes: [UInt8], path: String, rank: Int) throws(DataError) {
        let headerSize = 4 + 4 * rank
        let magic: [UInt8] = [0, 0, 0x08, UInt8(rank)]
        guard bytes.count >= 4, Array(bytes[..<4]) == magic else {
            throw Self.malformed(
                path,
                "it should begin with \(Self.hex(magic)) (unsigned bytes, \(rank) dimensions), "
                    + "but begins with \(Self.hex(Array(bytes.prefix(4))))")
        }
        guard bytes.count >= headerSize else {
            throw Self.malformed(
                path, "its header should have \(headerSize) bytes, the file has \(bytes.count)")
        }
        let dimensions = (0..<rank).map { dimension in
            bytes[4 + 4 * dimension..<8 + 4 * dimension].reduce(0) { $0 << 8 | Int($1) }
        }
        var size = 1
        for dimension in dimensions {
            let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
            guard !overflow, product <= Self.limit else {
                throw Self.malformed(path, "its dimensions \(dimensions) are too large")
            }
            size = product
        }
        guard bytes.count == headerSize + size else {
            throw Self.malformed(
                path,
                "dimensions \(dimensions) need \(size) values, "
                    + "but \(bytes.count - headerSize) follow the header")
        }
        self.path = path
        self.dimensions = dimensions
        values = Array(bytes[headerSize...])
    }

    private static func malformed(_ path: String, _ reason: String) -> DataError {
        DataError(
            .malformed, "\(path) is not the IDX file it should be: \(reason).",
            remedy: "Check that this is the right file, or fetch it again (`volley data fetch`).")
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }
}
