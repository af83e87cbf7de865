import CChipKernels

/// The instruction sets that the kernels are compiled for; all give the same bits.
package enum InstructionSet: Int, Sendable, CaseIterable, Comparable {
    /// What every processor has.
    case baseline = 0
    /// x86-64-v3.
    case avx2 = 1
    /// x86-64-v4.
    case avx512 = 2

    /// The highest of this processor.
    package static var best: InstructionSet {
        InstructionSet(rawValue: Int(chip_best_level().rawValue)) ?? .baseline
    }

    /// Those of this processor.
    package static var available: [InstructionSet] { allCases.filter { $0 <= best } }

    /// The set in the kernel's terms.
    var kernelLevel: chip_level { chip_level(rawValue: UInt32(rawValue)) }

    /// Instruction sets rise.
    package static func < (left: InstructionSet, right: InstructionSet) -> Bool {
        left.rawValue < right.rawValue
    }
}
