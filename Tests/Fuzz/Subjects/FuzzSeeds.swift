import Foundation

/// Where inputs come from: the frozen vectors, and the inputs that once went wrong.
package enum FuzzSeeds {
    /// The repository's root.
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The seeds of a subject: its own, and the bytes of all vectors of its kinds, right and wrong.
    package static func of(_ subject: FuzzSubject) throws -> [[UInt8]] {
        var seeds = subject.seeds
        guard !subject.kinds.isEmpty else { return seeds }
        for name in ["valid", "invalid", "acceptable"] {
            let file = root.appending(path: "protocol/vectors/v1/\(name).jsonl")
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                guard let vector = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                    let kind = vector["kind"] as? String, subject.kinds.contains(kind)
                else { continue }
                let frames = vector["bytes"] as? [String] ?? [vector["bytes"] as? String ?? ""]
                let digits = frames.joined()
                guard digits.utf8.count <= 2 * FuzzSubject.longestInput else { continue }
                let message = (vector["fields"] as? [String: Any])?["message"] as? String
                seeds.append(subject.prefix(forMessage: message) + bytes(digits))
            }
        }
        return seeds
    }

    /// Inputs that once trapped or took long, by file: `Tests/Fuzz/Regressions/SUBJECT-*.hex`.
    package static func regressions(of subject: FuzzSubject) throws -> [(name: String, input: [UInt8])] {
        let folder = root.appending(path: "Tests/Fuzz/Regressions")
        return try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)).sorted()
            .filter { $0.hasPrefix(subject.name + "-") && $0.hasSuffix(".hex") }
            .map { ($0, bytes(try String(contentsOf: folder.appending(path: $0), encoding: .utf8))) }
    }

    /// Bytes of hexadecimal digits; lines that begin with # are remarks.
    package static func bytes(_ text: String) -> [UInt8] {
        let digits = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.joined().utf8.filter { $0 > 32 }
            .map { UInt8(truncatingIfNeeded: $0 < 58 ? Int($0) - 48 : Int($0) - 87) & 15 }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// Hexadecimal digits, sixty-four to a line.
    package static func text(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        let all = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return stride(from: 0, to: all.count, by: 64).map { String(all[$0..<min(all.count, $0 + 64)]) }
            .joined(separator: "\n")
    }
}
