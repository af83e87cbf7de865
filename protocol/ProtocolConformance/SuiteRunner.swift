import DeviceTransport

/// How a run is done.
package struct SuiteOptions: Sendable, Hashable {
    /// Decides every random number of the run.
    package var seed: UInt64
    /// Which cases belong to the run.
    package var profile: ConformanceCase.Profile
    /// Beginnings of case ids; empty for all.
    package var filters: [String]
    /// How long a device may take for an answer.
    package var patience: Duration
    /// How long a case may take before the suite gives it up.
    package var caseLimit: Duration

    /// The core profile, an answer within 2 seconds (section 8), a case within 3 minutes.
    package init(
        seed: UInt64 = 1, profile: ConformanceCase.Profile = .core, filters: [String] = [],
        patience: Duration = .seconds(2), caseLimit: Duration = .seconds(180)
    ) {
        self.seed = seed
        self.profile = profile
        self.filters = filters
        self.patience = patience
        self.caseLimit = caseLimit
    }

    /// The cases of a run, in the order of the suite.
    package func select(from cases: [ConformanceCase]) -> [ConformanceCase] {
        cases.filter { entry in
            (profile == .full || entry.profile == .core)
                && (filters.isEmpty || filters.contains { entry.id.hasPrefix($0) || entry.section.rawValue == $0 })
        }
    }
}

/// What became of one case.
package struct CaseResult: Sendable {
    /// The case's id.
    package var id: String
    /// The case's title.
    package var title: String
    /// The part of the suite.
    package var section: ConformanceCase.Section
    /// What became of it.
    package var outcome: Outcome
    /// How long it took, on the target's clock.
    package var duration: Duration
    /// The frames.
    package var capture: Capture
    /// What the list of expected failures says of it, if anything.
    package var expectation: ExpectedFailure?

    /// The requirement that the case is about.
    package var requirement: String { String(id.prefix { $0 != "/" }) }

    /// Whether the case counts against the device: it failed, and nobody had said so before.
    package var isUnexpectedFailure: Bool { outcome.isFailure && expectation?.covers(outcome) != true }

    /// Whether the list of expected failures is wrong about the case.
    package var isStale: Bool {
        guard let expectation else { return false }
        switch outcome {
        case .skip, .inconclusive, .suiteError: return false
        case .pass, .passLenient, .fail, .failPartial: return !expectation.covers(outcome)
        }
    }
}

/// Runs cases against a device, one after the other.
package struct SuiteRunner {
    private let target: any DeviceTarget
    private let options: SuiteOptions
    private let expected: ExpectedFailures

    /// A runner for a device.
    package init(_ target: any DeviceTarget, options: SuiteOptions, expected: ExpectedFailures = ExpectedFailures()) {
        self.target = target
        self.options = options
        self.expected = expected
    }

    /// Asks the device what it is, then runs the cases.
    ///
    /// - Parameter progress: is told of each result as it comes, with the number of cases in all.
    /// - Throws: `TargetUnreachable` where the first exchange fails: nothing has been judged then.
    package func run(
        _ cases: [ConformanceCase], progress: (CaseResult, Int) -> Void = { _, _ in }
    ) throws(TargetUnreachable) -> SuiteReport {
        let start = target.now
        let claims = try learnClaims()
        var results: [CaseResult] = []
        var killer: String?
        for entry in cases {
            var result = run(entry, claims: claims, killer: killer)
            if killer == nil, result.outcome.isFailure || result.outcome.kind == .inconclusive || entry.isHostile,
                let reason = deathReason()
            {
                let words = result.outcome.detail.isEmpty ? "" : result.outcome.detail + "; "
                result.outcome = .fail("\(words)the device no longer answers after this case: \(reason)")
                if !(target.restart() && deathReason() == nil) { killer = entry.id }
            }
            result.expectation = expected[entry.id]
            results.append(result)
            progress(result, cases.count)
        }
        return SuiteReport(
            target: target.name, claims: claims, options: options, results: results, duration: target.now - start)
    }

    private func learnClaims() throws(TargetUnreachable) -> DeviceClaims {
        let context = context(id: "claims", claims: DeviceClaims())
        defer { context.cleanUp() }
        do {
            return try DeviceClaims(asking: context)
        } catch {
            throw TargetUnreachable(
                target: target.name, reason: context.outcome(error).detail, capture: context.capture)
        }
    }

    private func context(id: String, claims: DeviceClaims) -> CaseContext {
        CaseContext(
            id: id, target: target, claims: claims, seed: options.seed, patience: options.patience,
            limit: options.caseLimit)
    }

    /// Why a sane exchange fails; `nil` where it does not.
    private func deathReason() -> String? {
        let context = context(id: "sign of life", claims: DeviceClaims())
        defer { context.cleanUp() }
        do {
            try context.proveLife()
            return nil
        } catch {
            return context.outcome(error).detail
        }
    }

    private func run(_ entry: ConformanceCase, claims: DeviceClaims, killer: String?) -> CaseResult {
        let context = context(id: entry.id, claims: claims)
        var outcome: Outcome
        if let killer {
            outcome = .inconclusive("the device has not answered since \(killer), and there is no way to restart it")
        } else if let lack = lack(of: entry.needs, in: claims) {
            outcome = .skip(lack)
        } else if entry.isHostile, let reason = deathReason() {
            outcome = .inconclusive("the device did not answer before the case: \(reason)")
        } else {
            var caught: (any Error)?
            do { try entry.body(context) } catch { caught = error }
            outcome = context.outcome(caught)
            context.cleanUp()
        }
        return CaseResult(
            id: entry.id, title: entry.title, section: entry.section, outcome: outcome, duration: context.now,
            capture: context.capture)
    }

    /// What a case needs and the run has not.
    private func lack(of needs: [ConformanceCase.Need], in claims: DeviceClaims) -> String? {
        for need in needs {
            switch need {
            case .codes where claims.bits == 0: return "the chip takes no parameter codes"
            case .noCodes where claims.bits > 0: return "the chip takes parameter codes"
            case .emulator where !claims.isEmulator: return "the chip is not emulated"
            case .effect(let name) where !claims.claims(effect: name): return "the device claims no effect \"\(name)\""
            case .frameLengths where !target.hasFrameLengths:
                return "a stream has no lengths of frames besides those in headers"
            case .emptyFrames where !target.hasEmptyFrames: return "the carrier has no frames without bytes"
            case .stream where target.hasFrameLengths: return "the carrier is no stream"
            case .restart where !target.canRestart:
                return "the suite was given no way to restart the device (--restart)"
            case .leave where !target.canLeave: return "the suite was given no way to make the device leave (--leave)"
            case .codes, .noCodes, .emulator, .effect, .frameLengths, .emptyFrames, .stream, .restart, .leave: break
            }
        }
        return nil
    }
}

/// Nobody who speaks the protocol is at the address.
package struct TargetUnreachable: Error, CustomStringConvertible {
    /// The address.
    package var target: String
    /// What happened.
    package var reason: String
    /// The frames of the attempt.
    package var capture: Capture

    package var description: String { "no device answers at \(target): \(reason)" }
}
