/// The table that callgrind_annotate prints.
package enum CallgrindTable {
    /// Instructions by function, from lines "1,234  file.c:function [program]"; others are left out.
    package static func functions(_ text: String) -> [String: Double] {
        var counts: [String: Double] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            guard words.count == 2, let count = Double(words[0].filter { $0 != "," }),
                let colon = words[1].firstIndex(of: ":")
            else { continue }
            var function = words[1][words[1].index(after: colon)...]
            if let object = function.range(of: " [") { function = function[..<object.lowerBound] }
            counts[String(function), default: 0] += count
        }
        return counts
    }
}
