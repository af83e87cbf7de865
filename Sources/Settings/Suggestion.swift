/// The words for "there is no such name, did you mean".
public enum Suggestion {
    /// A sentence that rejects a word and names the nearest known one, or all of them if none is near.
    public static func text(for word: String, among names: [String], kind: String) -> String {
        let ranked = names.map { (name: $0, distance: distance(word, $0)) }
            .sorted { $0.distance < $1.distance }
        if let best = ranked.first, best.distance <= max(2, word.count / 3) {
            return "there is no \(kind) \"\(word)\"; did you mean \"\(best.name)\"?"
        }
        return "there is no \(kind) \"\(word)\"; known: \(names.joined(separator: ", "))"
    }

    /// Edit distance (Levenshtein) of two words.
    static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var previous = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var current = [i + 1]
            for (j, b) in right.enumerated() {
                current.append(
                    min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a == b ? 0 : 1)))
            }
            previous = current
        }
        return previous[right.count]
    }
}
