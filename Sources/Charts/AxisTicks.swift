import Glibc

/// The values of an axis that are labelled.
public struct AxisTicks: Sendable, Hashable {
    /// A value and its label; an empty one for a line of the grid only.
    public struct Tick: Sendable, Hashable {
        /// Where.
        public var value: Double
        /// What is written there.
        public var label: String
    }

    /// The ticks, in ascending order.
    public var ticks: [Tick]

    /// The multiples of 1, 2 or 5 times a power of ten that lie in a range: of the finest such step with at most
    /// `limit` of them.
    ///
    /// Values and labels are made from integers, so that 0.3 is exactly that.
    ///
    /// Traps if the range is empty or not finite, or `limit` is less than one.
    public static func linear(_ range: ClosedRange<Double>, atMost limit: Int) -> Self {
        let span = range.upperBound - range.lowerBound
        precondition(span > 0 && span.isFinite, "a range of \(span) has no ticks")
        precondition(limit > 0, "at most \(limit) ticks are none")
        var exponent = Int(log10(span).rounded(.down)) - 3
        while true {
            for mantissa in [1, 2, 5] {
                let step = Step(mantissa: mantissa, exponent: exponent)
                let (first, last) = step.indices(in: range)
                if last - first < Double(limit) {
                    return Self(ticks: step.ticks(from: first, through: last))
                }
            }
            exponent += 1
        }
    }

    /// The powers of ten in a range, with 2 and 5 times each where there is room, and unlabelled lines between.
    ///
    /// A range without two of them gets linear ticks. Traps if the range is not positive.
    public static func logarithmic(_ range: ClosedRange<Double>, atMost limit: Int) -> Self {
        precondition(range.lowerBound > 0, "\(range.lowerBound) has no logarithm")
        let first = Int(log10(range.lowerBound).rounded(.down))
        let last = Int(log10(range.upperBound).rounded(.down))
        let isPlain = first >= -3 && last <= 6
        for (mantissas, every) in [([1, 2, 5], 1), ([1], 1), ([1], 2), ([1], 3), ([1], 5), ([1], 10), ([1], 50)] {
            var ticks: [Tick] = []
            for exponent in first...last {
                for mantissa in 1...9 {
                    let value = power(mantissa, exponent)
                    guard range.contains(value) else { continue }
                    let isLabelled = mantissas.contains(mantissa) && exponent.isMultiple(of: every)
                    guard isLabelled || last - first < 4 else { continue }
                    let text = isPlain ? plain(mantissa, exponent) : powerText(mantissa, exponent)
                    ticks.append(Tick(value: value, label: isLabelled ? text : ""))
                }
            }
            let labelled = ticks.count { !$0.label.isEmpty }
            if labelled < 2 { break }
            if labelled <= limit { return Self(ticks: ticks) }
        }
        return linear(range, atMost: limit)
    }

    /// `mantissa * 10^exponent`, rounded once.
    private static func power(_ mantissa: Int, _ exponent: Int) -> Double {
        let factor = pow(10, Double(abs(exponent)))
        return exponent < 0 ? Double(mantissa) / factor : Double(mantissa) * factor
    }

    private static func plain(_ mantissa: Int, _ exponent: Int) -> String {
        DecimalText.fixed(power(mantissa, exponent), max(0, -exponent), isGrouped: true)
    }

    private static func powerText(_ mantissa: Int, _ exponent: Int) -> String {
        (mantissa == 1 ? "" : "\(mantissa)×") + "10" + DecimalText.raised(exponent)
    }

    /// The distance between ticks: `mantissa * 10^exponent`.
    private struct Step {
        var mantissa: Int
        var exponent: Int

        private var size: Double { power(mantissa, exponent) }

        /// The first and the last multiple in a range. A millionth of a step beyond its ends counts as inside, so that
        /// an end such as 0.1 + 0.2 has its tick.
        func indices(in range: ClosedRange<Double>) -> (first: Double, last: Double) {
            let slack = 1e-6
            return (
                (range.lowerBound / size - slack).rounded(.up), (range.upperBound / size + slack).rounded(.down)
            )
        }

        func ticks(from first: Double, through last: Double) -> [Tick] {
            guard last >= first else { return [] }
            let largest = max(first.magnitude, last.magnitude) * size
            let isPlain = exponent >= -5 && largest < 1e6
            return (0...Int(last - first)).map { offset in
                let multiple = (first + Double(offset)) * Double(mantissa)
                let factor = pow(10, Double(abs(exponent)))
                let value = exponent < 0 ? multiple / factor : multiple * factor
                guard !isPlain, multiple != 0 else {
                    return Tick(
                        value: value, label: DecimalText.fixed(value, isPlain ? max(0, -exponent) : 0, isGrouped: true))
                }
                let digits = DecimalText.fixed(multiple, 0, isGrouped: true)
                return Tick(value: value, label: "\(digits)×10\(DecimalText.raised(exponent))")
            }
        }
    }
}
