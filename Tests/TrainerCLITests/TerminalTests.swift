import Foundation
import Testing

/// What a user sees on a terminal: lines under way that are drawn over, and nothing left of them.
@Suite(.serialized, .enabled(if: VolleyProcess.exists, "\(VolleyProcess.absent)"))
struct TerminalTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("volley-terminal-\(UUID().uuidString)")
    private let small = [
        "--set", "data.training_samples=2000", "--set", "network.hidden.0.size=20",
    ]

    private func inFolder(_ body: () throws -> Void) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body()
    }

    /// A fresh cache, so that the chip is calibrated first.
    private func run(_ arguments: [String], columns: UInt16) throws -> TerminalProcess {
        try TerminalProcess(
            arguments, columns: columns, environment: ["VOLLEY_CACHE": "\(folder.path)/cache"], in: folder)
    }

    @Test(arguments: [24, 60, 100] as [UInt16])
    func aTrainingDrawsBarsAndLeavesItsLines(columns: UInt16) throws {
        try inFolder {
            let shown = try run(["train", "yinyang", "--epochs", "3", "--output", "run"] + small, columns: columns)
            #expect(shown.status == 0, "\(shown.written)")
            let under = shown.drawings.flatMap { $0.dropLast() }
            #expect(under.contains { $0.hasPrefix("calibrating ") })
            #expect(columns < 60 || under.contains { $0.contains(" measurements: ") })
            #expect(under.contains { $0.hasPrefix("epoch ") })
            // A line under way that wraps could not be drawn over.
            #expect(under.allSatisfy { $0.count < Int(columns) }, "\(under.map(\.count).max() ?? 0) columns")
            #expect(!shown.lines.contains { $0.contains(" measurements: ") })
            #expect(shown.lines.contains { $0.hasPrefix("calibrated 512 of 512 neuron circuits in ") })
            for epoch in 1...3 {
                #expect(shown.lines.count { $0.hasPrefix("epoch \(epoch)/3  loss ") } == 1, "\(shown.lines)")
            }
        }
    }

    @Test func aWaferDrawsOneBarForAllChips() throws {
        try inFolder {
            let shown = try run(
                ["wafer", "yinyang", "--serials", "3...4", "--epochs", "2", "--output", "w"] + small, columns: 80)
            #expect(shown.status == 0, "\(shown.written)")
            let under = shown.drawings.flatMap { $0.dropLast() }
            #expect(under.contains { $0.hasPrefix("wafer ") && $0.contains(" of 2 chips, ") })
            #expect(under.allSatisfy { $0.count < 80 })
            #expect(!shown.lines.contains { $0.hasPrefix("wafer ") && $0.contains(" of 2 chips, ") })
            for chip in 1...2 {
                #expect(shown.lines.count { $0.hasPrefix("chip \(chip)/2  serial ") } == 1, "\(shown.lines)")
            }
        }
    }

    @Test func coloursAndBarsStayAwayWhereTheyAreNotWanted() throws {
        try inFolder {
            let arguments = ["train", "yinyang", "--software", "--epochs", "2"] + small
            let plain = try TerminalProcess(
                arguments + ["--output", "plain"], environment: ["TERM": "dumb"], in: folder)
            #expect(plain.status == 0 && !plain.written.contains("\u{1B}"), "\(plain.written)")
            let grey = try TerminalProcess(
                arguments + ["--output", "grey"], environment: ["NO_COLOR": "1"], in: folder)
            #expect(grey.status == 0 && !grey.written.contains(/\u{1B}\[[0-9;]*m/), "\(grey.written)")
            #expect(grey.written.contains("\r\u{1B}[K"))
        }
    }

    /// The picture of a training, and what the last line says of it.
    @Test func aTimelineIsDrawnOfFiveStepsOnAChip() throws {
        try inFolder {
            let result = try VolleyProcess(
                ["train", "yinyang", "--epochs", "2", "--output", "run", "--timeline", "who.svg", "--profile", "ideal"]
                    + small, in: folder
            ).finish()
            #expect(result.status == 0, "\(result.errors)")
            let line = try #require(result.errors.split(separator: "\n").first { $0.hasPrefix("who.svg: host ") })
            let shares = line.matches(of: /([0-9.]+) %/).compactMap { Double($0.1) }
            #expect(shares.count == 4 && shares[1] > 0)
            // The chip works in some of the time, and whoever works beside it is not counted as neither.
            #expect(shares[1] + shares[3] <= 100.1, "\(line)")
            let svg = try String(contentsOf: folder.appendingPathComponent("who.svg"), encoding: .utf8)
            #expect(svg.hasPrefix("<svg") && svg.hasSuffix("</svg>\n"))
            for word in ["Training steps", "time (ms)", "chip runs", "weights to codes", "gradients of slices"] {
                #expect(svg.contains(word), "\(word)")
            }
        }
    }

    /// Before the training, not after it.
    @Test(arguments: [("no/such/who.svg", "there is no folder"), (".", "it is a folder")])
    func aTimelineWithoutAPlaceIsRefusedAtOnce(path: String, reason: String) throws {
        try inFolder {
            let refused = try VolleyProcess(
                ["train", "yinyang", "--software", "--output", "run", "--timeline", path] + small, in: folder
            ).finish()
            #expect(refused.status == 74)
            #expect(refused.errors.contains("cannot write \(path): \(reason)"), "\(refused.errors)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        }
    }
}
