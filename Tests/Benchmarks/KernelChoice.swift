import ArgumentParser
import ChipEmulator
import Foundation
import SpikingNetworks

/// An instruction set as the command line names it; the emulator and the trainer have a type of their own each.
enum KernelChoice: String, ExpressibleByArgument, CaseIterable, Codable {
    case baseline, avx2, avx512

    /// The highest of this processor.
    static var best: KernelChoice { allCases[InstructionSet.best.rawValue] }

    /// Those of this processor, lowest first.
    static var available: [KernelChoice] { InstructionSet.available.map { allCases[$0.rawValue] } }

    /// For the emulator.
    var instructionSet: InstructionSet {
        switch self {
        case .baseline: .baseline
        case .avx2: .avx2
        case .avx512: .avx512
        }
    }

    /// For the trainer.
    var kernelLevel: KernelLevel {
        switch self {
        case .baseline: .baseline
        case .avx2: .v3
        case .avx512: .v4
        }
    }
}

/// Options that most commands have.
struct MachineOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Threads that work (default: one a core).", valueName: "count"))
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Option(
        help: ArgumentHelp(
            "Instruction set of the kernels: \(KernelChoice.allCases.map(\.rawValue).joined(separator: ", ")) "
                + "(default: the highest of this processor).", valueName: "name"))
    var level = KernelChoice.best

    func validate() throws {
        guard (1...1_024).contains(threads) else { throw ValidationError("--threads is 1...1024, not \(threads).") }
        guard KernelChoice.available.contains(level) else {
            throw ValidationError(
                "This processor has no \(level.rawValue); it has "
                    + "\(KernelChoice.available.map(\.rawValue).joined(separator: ", ")).")
        }
    }
}
