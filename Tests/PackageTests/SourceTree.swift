import Foundation

/// The sources of the package, as texts.
struct SourceTree {
    /// A source file.
    struct File: Sendable {
        /// Path from the root of the package.
        var path: String
        /// Its lines.
        var lines: [String]

        /// The file's own name.
        var name: String { (path as NSString).lastPathComponent }

        /// The modules that it imports.
        var imports: [String] {
            lines.compactMap { line in
                let words = line.split(separator: " ").filter {
                    !$0.hasPrefix("@") && !["public", "package", "internal", "private"].contains($0)
                }
                guard words.count >= 2, words[0] == "import" else { return nil }
                return words[1].split(separator: ".").first.map(String.init)
            }
        }
    }

    /// All sources in Swift and C, without what a generator wrote.
    let files: [File]

    /// Reads the package that holds this file.
    init() throws {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        var files: [File] = []
        for folder in ["Sources", "Tests", "drivers", "protocol", "simulator-daemon"] {
            let base = root.appendingPathComponent(folder)
            for path in try FileManager.default.subpathsOfDirectory(atPath: base.path).sorted() {
                let suffixes = [".swift", ".c", ".h", ".inc"]
                guard suffixes.contains(where: path.hasSuffix), !path.hasSuffix(".pb.swift") else {
                    continue
                }
                let text = try String(contentsOf: base.appendingPathComponent(path), encoding: .utf8)
                files.append(
                    File(
                        path: "\(folder)/\(path)",
                        lines: text.split(separator: "\n", omittingEmptySubsequences: false)
                            .map(String.init)))
            }
        }
        self.files = files
    }

    /// The Swift files of the product.
    var product: [File] {
        files.filter { $0.path.hasSuffix(".swift") && !$0.path.hasPrefix("Tests/") }
    }
}
