extension Console.Style {
    private static let barWidth = 20

    /// A bar that is filled up to a share, from 0 to 1.
    package func bar(_ share: Double) -> String {
        let filled = max(0, min(Self.barWidth, Int(share * Double(Self.barWidth))))
        let done = String(repeating: "━", count: filled)
        let rest = String(repeating: hasColour ? "━" : "·", count: Self.barWidth - filled)
        return hasColour ? "\u{1B}[36m\(done)\u{1B}[90m\(rest)\u{1B}[0m" : done + rest
    }

    /// A line under way: a head, a bar, and words that are cut off where the width ends.
    package func barLine(_ head: String, _ share: Double, _ words: String) -> String {
        // One column stays free, so that no terminal wraps.
        let room = max(0, width - head.count - Self.barWidth - 3)
        return "\(head) \(bar(share)) \(words.prefix(room))"
    }
}
