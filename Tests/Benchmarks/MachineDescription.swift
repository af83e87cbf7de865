import Foundation
import Glibc

/// What results were measured on, and when.
struct MachineDescription: Codable {
    /// Model of the processor.
    var processor: String
    /// Cores that this process may use.
    var cores: Int
    /// Instruction sets that the kernels can use here.
    var instructionSets: [String]
    /// Version of the kernel.
    var kernel: String
    /// First line of what the compiler in the path says of itself.
    var swift: String
    /// Commit of the working folder, with a plus where files differ from it.
    var commit: String
    /// When, in ISO 8601.
    var date: String
    /// Processes that wanted a core in the minute before: more than a little, and the figures are not to be trusted.
    var loadBefore: Double

    /// This machine, now.
    static var current: MachineDescription {
        let status = output("git", "status", "--porcelain", "--untracked-files=no")
        return MachineDescription(
            processor: processorModel, cores: ProcessInfo.processInfo.activeProcessorCount,
            instructionSets: KernelChoice.available.map(\.rawValue),
            kernel: text("/proc/sys/kernel/osrelease"), swift: output("swift", "--version"),
            commit: output("git", "rev-parse", "--short", "HEAD") + (status.isEmpty ? "" : "+"),
            date: Date().ISO8601Format(),
            loadBefore: Double(text("/proc/loadavg").split(separator: " ").first ?? "") ?? 0)
    }

    /// A line for people.
    var summary: String {
        "\(processor), \(cores) cores, \(instructionSets.joined(separator: " ")), kernel \(kernel), \(swift), "
            + "commit \(commit), \(date), load \(loadBefore)"
    }

    private static var processorModel: String {
        for line in text("/proc/cpuinfo").split(separator: "\n") where line.hasPrefix("model name") {
            return String(line.drop { $0 != ":" }.dropFirst(2))
        }
        return "unknown processor"
    }

    private static func text(_ path: String) -> String {
        ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// First line of what a program prints; nothing where it is not there or fails.
    private static func output(_ words: String...) -> String {
        (try? ChildProgram("/usr/bin/env", words, keepsErrors: false).run())
            .map { String($0.split(separator: "\n").first ?? "") } ?? ""
    }
}
