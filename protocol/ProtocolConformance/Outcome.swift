/// What became of a case.
package enum Outcome: Sendable, Hashable {
    /// The device did what the requirement says.
    case pass
    /// The right effect in the wrong form: a link that just ends where an error is due. Not conformant.
    case passLenient(String)
    /// The device did something else.
    case fail(String)
    /// Some of the case's values were handled wrongly: how many of how many were right, and the wrong ones.
    case failPartial(passed: Int, of: Int, String)
    /// The device does not claim what the case is about, or the suite was not given what it needs.
    case skip(String)
    /// The suite could not judge, through no fault of the device.
    case inconclusive(String)
    /// The suite itself failed.
    case suiteError(String)

    /// The seven kinds, in the order of reports.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case pass = "PASS"
        case passLenient = "PASS-LENIENT"
        case fail = "FAIL"
        case failPartial = "FAIL-PARTIAL"
        case skip = "SKIP"
        case inconclusive = "INCONCLUSIVE"
        case suiteError = "SUITE-ERROR"
    }

    /// The kind of outcome.
    package var kind: Kind {
        switch self {
        case .pass: .pass
        case .passLenient: .passLenient
        case .fail: .fail
        case .failPartial: .failPartial
        case .skip: .skip
        case .inconclusive: .inconclusive
        case .suiteError: .suiteError
        }
    }

    /// What happened, in words; empty for a pass.
    package var detail: String {
        switch self {
        case .pass: ""
        case .passLenient(let text), .fail(let text), .failPartial(_, _, let text), .skip(let text),
            .inconclusive(let text), .suiteError(let text):
            text
        }
    }

    /// The kind, with the count of a partial failure.
    package var title: String {
        if case .failPartial(let passed, let count, _) = self { return "\(kind.rawValue) \(passed)/\(count)" }
        return kind.rawValue
    }

    /// Whether the device is at fault, in part or in form.
    package var isFailure: Bool {
        switch self {
        case .passLenient, .fail, .failPartial: true
        case .pass, .skip, .inconclusive, .suiteError: false
        }
    }
}

/// Ends a case early.
package enum CaseStop: Error, Sendable {
    /// The device broke a requirement.
    case failed(String)
    /// The device lacks what the case is about.
    case skipped(String)
    /// The suite cannot judge.
    case undecided(String)
}
