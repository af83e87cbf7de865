import WireProtocol

/// Something that takes bytes which cannot be trusted: a decoder, or a state machine that an input drives.
///
/// An input is wrong by trapping, or by taking longer than `limit`. What must hold besides is checked with preconditions.
package struct FuzzSubject: Sendable, CustomStringConvertible {
    /// CPU time that no input may take.
    package static let limit: Duration = .milliseconds(10)
    /// The longest input that is tried, in bytes.
    package static let longestInput = 4_096

    /// The name on the command line.
    package let name: String
    /// Kinds of frozen vectors whose bytes are seeds.
    package let kinds: Set<String>
    /// Seeds beside the vectors.
    package let seeds: [[UInt8]]
    /// Takes an input.
    package let run: @Sendable ([UInt8]) -> Void

    init(
        _ name: String, kinds: Set<String> = [], seeds: [[UInt8]] = [], run: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.name = name
        self.kinds = kinds
        self.seeds = seeds
        self.run = run
    }

    package var description: String { name }

    /// All of them.
    package static let all: [FuzzSubject] = decoders + streams + stateMachines
    private static let stateMachines = [device, host]

    /// The subject of a name.
    package static func named(_ name: String) -> FuzzSubject? { all.first { $0.name == name } }

    /// What stands before the bytes of a vector of a message, for the subject to know which that is.
    func prefix(forMessage name: String?) -> [UInt8] {
        guard self.name == "control" else { return [] }
        return [UInt8(ControlMessage.names.firstIndex(of: name ?? "") ?? 0)]
    }

    /// Whether it is a state machine, whose inputs are programs.
    package var isStateMachine: Bool { Self.stateMachines.contains { $0.name == name } }

    /// The CPU time of an input: of several runs the shortest, where the first is long, since the machine has other work.
    package func time(_ input: [UInt8]) -> Duration {
        var best = measure(input)
        for _ in 0..<3 where best > Self.limit { best = min(best, measure(input)) }
        return best
    }

    private func measure(_ input: [UInt8]) -> Duration {
        let start = CPUTime.now
        run(input)
        return CPUTime.now - start
    }
}
