package import WireProtocol

/// What a case works with: the device, random numbers, the capture, and ways to say what it found.
package final class CaseContext {
    /// The case.
    package let id: String
    /// What the suite is pointed at.
    package let target: any DeviceTarget
    /// What the device says of itself.
    package let claims: DeviceClaims
    /// How long an answer may take.
    package let patience: Duration
    /// Random numbers of this case.
    package var random: CaseRandom
    /// The frames so far.
    package private(set) var capture = Capture()
    /// Right effects in the wrong form.
    package private(set) var leniences: [String] = []
    /// Values tried, and those that failed.
    private var tried = 0
    private var wrong: [String] = []
    private var isTryingValues = false
    private var clients: [RawClient] = []
    /// Sessions that have been closed.
    var closedSessions: Set<UInt64> = []
    private let origin: Duration
    private let limit: Duration

    /// A case that begins now.
    package init(
        id: String, target: any DeviceTarget, claims: DeviceClaims, seed: UInt64, patience: Duration, limit: Duration
    ) {
        self.id = id
        self.target = target
        self.claims = claims
        self.patience = patience
        self.limit = limit
        random = CaseRandom(seed: seed, id: id)
        origin = target.now
    }

    /// Time since the case began.
    package var now: Duration { target.now - origin }

    func record(_ event: Capture.Record.Event, link: Int) { capture.add(event, link: link, at: now) }

    /// Writes something into the capture.
    package func note(_ text: String) { record(.note(text), link: 0) }

    /// A fresh link that has said nothing.
    ///
    /// - Throws: `CaseStop.undecided` where the device cannot be reached, `CaseStop.skipped` where it has no second link.
    package func link() throws -> RawClient {
        if target.sharing != .many {
            guard clients.allSatisfy(\.isGone) else { throw CaseStop.skipped("the target has one link at a time") }
            // Values are tried apart from one another; anything else goes on with the device that it began with.
            guard clients.isEmpty || isTryingValues || target.sharing == .one else {
                throw CaseStop.skipped("each link of this target is a device of its own")
            }
            for client in clients { client.close() }
        }
        let link: any DeviceLink
        do {
            link = try target.open()
        } catch {
            throw CaseStop.undecided("no link to the device: \(error)")
        }
        let client = RawClient(link, number: clients.count + 1, context: self)
        clients.append(client)
        return client
    }

    /// Gives the case up where it takes too long: no case may hold up the run.
    func checkLimit() throws {
        if now > limit { throw CaseOverrun(limit: limit) }
    }

    // Verdicts.

    /// Fails the case unless a condition holds.
    package func require(_ condition: Bool, _ message: @autoclosure () throws -> String) throws {
        if !condition { throw CaseStop.failed(try message()) }
    }

    /// Says that the right thing happened in the wrong form.
    package func allow(_ message: String) {
        leniences.append(message)
        note(message)
    }

    /// Tries each of some values; the case fails in part where some of them are handled wrongly.
    package func each<T>(_ values: [T], _ name: (T) -> String, _ body: (T) throws -> Void) throws {
        isTryingValues = true
        defer { isTryingValues = false }
        for value in values {
            tried += 1
            do {
                try body(value)
            } catch CaseStop.failed(let reason) {
                wrong.append("\(name(value)): \(reason)")
                note("failed for \(name(value)): \(reason)")
            }
        }
    }

    /// What became of the case, given what its body threw.
    func outcome(_ error: (any Error)?) -> Outcome {
        switch error {
        case nil: break
        case CaseStop.failed(let reason)?: return .fail(reason)
        case CaseStop.skipped(let reason)?: return .skip(reason)
        case CaseStop.undecided(let reason)?: return .inconclusive(reason)
        case let error?: return .suiteError("\(error)")
        }
        if !wrong.isEmpty {
            let text = wrong.joined(separator: "; ")
            return wrong.count == tried ? .fail(text) : .failPartial(passed: tried - wrong.count, of: tried, text)
        }
        return leniences.isEmpty ? .pass : .passLenient(leniences.joined(separator: "; "))
    }

    /// Ends every session that the case opened, on whatever link, so that the next case finds the device free.
    func cleanUp() {
        // The newest first: a session that was resumed has gone over to that one's link, which is there yet.
        for client in clients.reversed() {
            try? client.end()
            // Where there is one link at a time, the next session's end needs it.
            if target.sharing == .one { client.close() }
        }
        for client in clients { client.close() }
    }
}

/// A case that did not end.
package struct CaseOverrun: Error, CustomStringConvertible {
    /// What it was given.
    package var limit: Duration

    package var description: String { "the case did not end within \(limit.inSeconds) s" }
}

/// What a device says of itself in HELLO and DESCRIBE: cases are gated by it, and hold it to it.
package struct DeviceClaims: Sendable {
    /// The reply to HELLO.
    package var greeting = ProtobufFields()
    /// The reply to DESCRIBE.
    package var description = ProtobufFields()
    /// Its geometry.
    package var geometry = ClaimedGeometry()
    /// The device's limits.
    package var limits = WireLimits()
    /// Ranges of the neuron parameters in the order of the specification; empty where none are claimed.
    package var ranges: [ClaimedRange] = []
    /// Bits of a parameter code; zero where there are none.
    package var bits = 0

    /// Nothing is claimed.
    package init() {}

    /// Whether the chip is emulated.
    package var isEmulator: Bool { description.number(1) == 1 }

    /// Names of effects that are switched on.
    package var effects: [String] {
        description.values(6).compactMap {
            if case .bytes(let bytes) = $0 { String(decoding: bytes, as: UTF8.self) } else { nil }
        }
    }

    /// Whether an effect is claimed whose name begins so.
    package func claims(effect prefix: String) -> Bool { effects.contains { $0.hasPrefix(prefix) } }
}

/// What a chip has, as DESCRIBE states it.
package struct ClaimedGeometry: Sendable {
    /// Neuron circuits.
    package var neuronCircuits = 0
    /// Signed inputs of a circuit.
    package var signedInputsPerCircuit = 0
    /// External inputs.
    package var inputChannels = 0
    /// Largest magnitude of a weight code.
    package var weightLimit = 0
    /// Largest CADC code.
    package var cadcMaximum = 0
    /// Shortest sample period, in ticks.
    package var minimumSamplePeriod = 0
    /// Trace memory, in bytes.
    package var traceMemoryBytes = 0
    /// Most events of an entry.
    package var maximumEventsPerEntry = 0
    /// Most entries of a batch.
    package var maximumEntriesPerBatch = 0
}

/// What a neuron parameter can be set to, as DESCRIBE states it.
package struct ClaimedRange: Sendable {
    /// Least target.
    package var allowedLower = 0.0
    /// Greatest target.
    package var allowedUpper = 0.0
    /// Value of code zero.
    package var codedLower = 0.0
    /// Value of the highest code.
    package var codedUpper = 0.0
    /// 1 linear, 2 logarithmic.
    package var spacing: UInt64 = 0
}
