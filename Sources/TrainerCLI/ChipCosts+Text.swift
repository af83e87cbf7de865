import InTheLoop

extension ChipCosts {
    /// Chip time by part: "configuration 20.0 ms, windows 1.20 s"; parts that took nothing are left out.
    ///
    /// - Parameter count: by which the times are divided, such as patterns.
    func timeText(per count: Int = 1) -> String {
        Self.text(times.map { ($0.name, $0.seconds) }, "s", count)
    }

    /// Energy by part: "static 30.1 mJ, events 1.20 mJ"; parts that took nothing are left out.
    ///
    /// - Parameter count: by which the energies are divided, such as patterns.
    func energyText(per count: Int = 1) -> String {
        Self.text(energies.map { ($0.name, $0.joules) }, "J", count)
    }

    private static func text(_ parts: [(String, Double)], _ unit: String, _ count: Int) -> String {
        parts.filter { $0.1 > 0 }
            .map { "\($0.0) \(TextFormat.engineering($0.1 / Double(max(1, count)), unit))" }
            .joined(separator: ", ")
    }
}
