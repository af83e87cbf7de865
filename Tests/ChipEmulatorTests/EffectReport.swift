import Foundation

/// The table of what was measured of each effect.
enum EffectReport {
    /// Where it goes: `VOLLEY_REPORT`, if that is set.
    static var folder: URL? {
        ProcessInfo.processInfo.environment["VOLLEY_REPORT"].map { URL(fileURLWithPath: $0) }
    }

    /// Measures all effects and writes `effects.md`.
    static func write() throws {
        guard let folder else { return }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var lines = [
            "| # | on | quantity | model | measured | 4 standard errors | method | n | |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        ]
        for effect in EffectCase.all {
            for found in try effect.measure() {
                let cells = [
                    "\(effect.number)", "`\(effect.setting)`", found.quantity,
                    text(found.expected), text(found.measured),
                    found.interval > 0 ? "± \(text(found.interval))" : "-",
                    found.bias > 0 ? "± \(text(found.bias))" : "-", "\(found.count)",
                    found.passes ? "pass" : "FAIL",
                ]
                lines.append("| \(cells.joined(separator: " | ")) |")
            }
        }
        let table = lines.joined(separator: "\n") + "\n"
        try table.write(
            to: folder.appending(path: "effects.md"), atomically: true, encoding: .utf8)
    }

    /// Four significant digits.
    private static func text(_ value: Double) -> String { String(format: "%.4g", value) }
}
