extension Console.Style {
    private static let barWidth = 20

    /// A bar that is filled up to a share, from 0 to 1.
    package func bar(_ share: Double) -> String {
        let filled = max(0, min(Self.barWidth, Int(share * Double(Self.barWidth))))
        let done = String(repeating: "━", count: filled)
        let rest = String(repeating: hasColour ? "━" : "·", count: Self.barWidth - filled)
        return hasColour ? "\u{1B}[36m\(done)\u{1B}[90m\(rest)\u{1B}[0m" : done + rest
    }

    /// A line under way: a head, a bar where there is room for one, and words that are cut off where the width ends.
    package func barLine(_ head: String, _ share: Double, _ words: String) -> String {
        // One column stays free, so that no terminal wraps; and each part has a space before it.
        let room = width - 1 - head.count - 1
        let hasBar = room > Self.barWidth
        let left = hasBar ? room - Self.barWidth - 1 : room
        return (hasBar ? "\(head) \(bar(share))" : head) + " \(words.prefix(max(0, left)))"
    }
}
