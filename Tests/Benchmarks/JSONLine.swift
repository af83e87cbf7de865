import Foundation

/// Values that go from one process to another, each as a line of JSON.
enum JSONLine {
    /// Writes a value to standard output, at once.
    static func say(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = .sortedKeys
        FileHandle.standardOutput.write(try encoder.encode(value) + Data("\n".utf8))
    }

    /// The value of a line that another process wrote.
    static func value<Value: Decodable>(_ line: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Value.self, from: line)
    }
}
