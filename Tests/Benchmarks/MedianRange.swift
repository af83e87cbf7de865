import Glibc

/// The median of values, and the range that holds the median of what they are drawn from with 95 % confidence.
package struct MedianRange {
    /// The middle value.
    package var median: Double
    /// Lower end of the range.
    package var lower: Double
    /// Upper end of the range.
    package var upper: Double

    /// The range by order statistics: of `count` values as many lie below the true median as a fair coin shows heads.
    ///
    /// Traps on fewer than six values, whose extremes do not hold it with that confidence.
    package init(_ values: [Double]) {
        precondition(values.count >= 6, "\(values.count) values")
        let sorted = values.sorted()
        let count = sorted.count
        median = count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2
        // The most values that can be left out at each end, each tail below 2.5 %.
        var (left, probability, tail) = (0, exp2(-Double(count)), 0.0)
        tail = probability
        while true {
            let next = probability * Double(count - left) / Double(left + 1)
            guard tail + next <= 0.025 else { break }
            left += 1
            probability = next
            tail += next
        }
        (lower, upper) = (sorted[left], sorted[count - 1 - left])
    }
}
