import ArgumentParser

/// The serials of a wafer's chips, as a user writes them: `1...20`, `7`, `1,3,10...12`.
package struct WaferSerials: Hashable, Sendable, ExpressibleByArgument {
    /// The serials, in ascending order, each once.
    package var numbers: [UInt64]

    /// Most chips of a wafer.
    package static let limit = 10_000

    /// Serials in any order.
    package init(_ numbers: [UInt64]) {
        self.numbers = Set(numbers).sorted()
    }

    /// The serials of a text; nil if it names none, or more than `limit`.
    package init?(argument: String) {
        var numbers: Set<UInt64> = []
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            let text = part.filter { $0 != " " }
            let ends = text.replacing("...", with: "-").split(separator: "-", omittingEmptySubsequences: false)
            guard let first = ends.first.flatMap({ UInt64($0) }), let last = ends.last.flatMap({ UInt64($0) }),
                ends.count <= 2, first <= last, last - first < UInt64(Self.limit)
            else { return nil }
            numbers.formUnion(first...last)
        }
        guard (1...Self.limit).contains(numbers.count) else { return nil }
        self.numbers = numbers.sorted()
    }

    /// The serials in the user's notation, neighbours joined.
    package var text: String {
        var runs: [ClosedRange<UInt64>] = []
        for number in numbers {
            if let last = runs.last, last.upperBound + 1 == number {
                runs[runs.count - 1] = last.lowerBound...number
            } else {
                runs.append(number...number)
            }
        }
        return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)...\($0.upperBound)" }
            .joined(separator: ",")
    }
}
