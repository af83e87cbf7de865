public import Foundation

/// Tensors by name in the safetensors format: a length, a JSON header, then the data, little-endian.
///
/// Format: <https://github.com/huggingface/safetensors>, version of 2023; here F32, F64, U8, I8, I32 and I64.
public struct SafetensorsFile: Sendable, Equatable {
    /// A tensor's elements.
    public enum Elements: Sendable, Equatable {
        /// 32-bit floats.
        case float32([Float])
        /// 64-bit floats.
        case float64([Double])
        /// Bytes.
        case uint8([UInt8])
        /// Signed bytes.
        case int8([Int8])
        /// 32-bit integers.
        case int32([Int32])
        /// 64-bit integers.
        case int64([Int64])
    }

    /// A tensor.
    public struct Tensor: Sendable, Equatable {
        /// Length of each dimension, the slowest first.
        public var shape: [Int]
        /// Elements, row-major.
        public var elements: Elements

        /// A tensor. Traps if the shape does not hold that many elements.
        public init(shape: [Int], _ elements: Elements) {
            precondition(
                shape.reduce(1, *) == elements.count,
                "shape \(shape) does not hold \(elements.count) elements")
            self.shape = shape
            self.elements = elements
        }
    }

    /// Tensors by name.
    public var tensors: [String: Tensor] = [:]
    /// Free text by name.
    public var metadata: [String: String] = [:]

    /// An empty file.
    public init() {}

    // MARK: Writing

    private struct Entry: Codable {
        var dtype: String
        var shape: [Int]
        var dataOffsets: [Int]
        enum CodingKeys: String, CodingKey {
            case dtype, shape
            case dataOffsets = "data_offsets"
        }
    }

    /// The bytes of the file; the same tensors always give the same bytes.
    public func encoded() -> Data {
        var header: [String: HeaderValue] = [:]
        if !metadata.isEmpty { header["__metadata__"] = .metadata(metadata) }
        var body = Data()
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            let start = body.count
            tensor.elements.append(to: &body)
            header[name] = .entry(
                Entry(dtype: tensor.elements.dtype, shape: tensor.shape, dataOffsets: [start, body.count]))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var json = (try? encoder.encode(header)) ?? Data("{}".utf8)
        while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
        var file = Data()
        file.appendLittleEndian(UInt64(json.count))
        file.append(json)
        file.append(body)
        return file
    }

    private enum HeaderValue: Codable {
        case entry(Entry)
        case metadata([String: String])

        init(from decoder: any Decoder) throws {
            if let entry = try? Entry(from: decoder) {
                self = .entry(entry)
            } else {
                self = .metadata(try [String: String](from: decoder))
            }
        }

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .entry(let entry): try entry.encode(to: encoder)
            case .metadata(let texts): try texts.encode(to: encoder)
            }
        }
    }

    // MARK: Reading

    /// Reads a file's bytes.
    ///
    /// - Throws: `RunError` of kind `corrupt`, with what is wrong.
    public init(decoding data: Data, source: String) throws(RunError) {
        func corrupt(_ reason: String) -> RunError {
            RunError(.corrupt, "\(source) is not a safetensors file: \(reason)")
        }
        guard data.count >= 8 else { throw corrupt("it has \(data.count) bytes, the header needs 8") }
        let length = data.littleEndianInteger(at: 0, bytes: 8)
        guard length <= UInt64(data.count - 8), length <= 100_000_000 else {
            throw corrupt("its header claims \(length) bytes, the file has \(data.count)")
        }
        let bodyStart = data.startIndex + 8 + Int(length)
        let header: [String: HeaderValue]
        do {
            header = try JSONDecoder().decode(
                [String: HeaderValue].self, from: data[data.startIndex + 8..<bodyStart])
        } catch {
            throw corrupt("its header is not valid JSON")
        }
        let body = data[bodyStart...]
        for (name, value) in header {
            switch value {
            case .metadata(let texts): metadata = texts
            case .entry(let entry):
                guard entry.dataOffsets.count == 2, entry.dataOffsets[0] >= 0,
                    entry.dataOffsets[0] <= entry.dataOffsets[1], entry.dataOffsets[1] <= body.count,
                    entry.shape.allSatisfy({ $0 >= 0 && $0 <= 1 << 32 })
                else { throw corrupt("tensor \(name) lies outside the file") }
                let bytes = body[
                    bodyStart + entry.dataOffsets[0]..<bodyStart + entry.dataOffsets[1]]
                guard let elements = Elements(dtype: entry.dtype, bytes: bytes) else {
                    throw corrupt("tensor \(name) has type \(entry.dtype), which is not read here")
                }
                guard entry.shape.reduce(1.0, { $0 * Double($1) }) == Double(elements.count) else {
                    throw corrupt("tensor \(name) has \(elements.count) elements, its shape is \(entry.shape)")
                }
                tensors[name] = Tensor(shape: entry.shape, elements)
            }
        }
    }
}
