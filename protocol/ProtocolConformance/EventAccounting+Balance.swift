package import Substrate

extension EventAccounting {
    /// Whether both sums of CST-001 close; sums that 64 bits cannot hold do not, whoever sent them.
    package var closes: Bool {
        Self.sum(accepted, droppedByInputLink, droppedByDriver) == offered
            && Self.sum(delivered, droppedByArbitration, droppedByOutputLink) == produced
    }

    private static func sum(_ terms: UInt64...) -> UInt64? {
        var total: UInt64 = 0
        for term in terms {
            let (next, isTooLarge) = total.addingReportingOverflow(term)
            if isTooLarge { return nil }
            total = next
        }
        return total
    }
}
