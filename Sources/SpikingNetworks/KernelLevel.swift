import CTrainingKernels

/// An instruction set the kernels are compiled for; all give the same bits.
public enum KernelLevel: Int, Sendable, CaseIterable, Comparable {
    /// What each processor of the architecture has.
    case baseline = 0
    /// x86-64-v3: AVX2.
    case v3 = 1
    /// x86-64-v4: AVX-512.
    case v4 = 2

    /// The highest of this processor.
    public static let best = KernelLevel(rawValue: Int(tk_best_level())) ?? .baseline

    /// Those of this processor, lowest first.
    public static var available: [KernelLevel] { allCases.filter { $0 <= best } }

    /// By instruction set.
    public static func < (lower: KernelLevel, higher: KernelLevel) -> Bool {
        lower.rawValue < higher.rawValue
    }
}
