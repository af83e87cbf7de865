import Foundation
import WireProtocol

/// A line of `protocol/vectors/v1/*.jsonl`; its README says what the keys mean.
struct FrozenVector {
    let id: String
    let kind: String
    let fields: [String: Any]
    let context: [String: Any]
    let edits: [[String: Any]]
    let messages: [[String: Any]]
    let status: String
    let frame: Int?
    /// The bytes; of a link, each frame's.
    let bytes: [[UInt8]]

    /// All vectors of a file.
    static func all(_ name: String) throws -> [FrozenVector] {
        let file = SuiteTests.root.appending(path: "protocol/vectors/v1/\(name).jsonl")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
            guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
                throw CocoaError(.fileReadCorruptFile)
            }
            return FrozenVector(object)
        }
    }

    private init(_ object: [String: Any]) {
        id = object["id"] as? String ?? ""
        kind = object["kind"] as? String ?? ""
        fields = object["fields"] as? [String: Any] ?? [:]
        context = object["context"] as? [String: Any] ?? [:]
        edits = object["edits"] as? [[String: Any]] ?? []
        messages = object["messages"] as? [[String: Any]] ?? []
        status = object["status"] as? String ?? ""
        frame = object["frame"] as? Int
        let digits = object["bytes"] as? [String] ?? [object["bytes"] as? String ?? ""]
        bytes = digits.map { Self.bytes($0) }
    }

    /// Bytes of hexadecimal digits.
    static func bytes(_ text: String) -> [UInt8] {
        let digits = Array(text.utf8).map { UInt8($0 < 58 ? $0 - 48 : $0 - 87) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// An integer of `fields`, given as a number or as a string such as "0x80".
    func number(_ key: String, in object: [String: Any]? = nil) -> UInt64? {
        Self.number((object ?? fields)[key])
    }

    static func number(_ value: Any?) -> UInt64? {
        if let text = value as? String { return UInt64(text.dropFirst(2), radix: 16) }
        return (value as? NSNumber)?.uint64Value
    }

    /// An integer of the context.
    func limit(_ key: String) -> Int? { (context[key] as? NSNumber)?.intValue }
}
