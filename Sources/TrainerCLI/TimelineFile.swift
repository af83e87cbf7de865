package import Charts
import Foundation
package import InTheLoop

/// `--timeline`: who worked when in some training steps, as a picture and in words.
package struct TimelineFile {
    /// Steps that are drawn.
    static let steps = 5

    private let timeline: LoopTimeline

    /// The file of a timeline.
    package init(_ timeline: LoopTimeline) {
        self.timeline = timeline
    }

    /// Finds out before a training whether its picture will have a place.
    ///
    /// - Throws: `inputOutput` where the folder is not there, nothing may be written to it, or the path is a folder.
    static func check(_ path: String) throws(CommandError) {
        let url = URL(fileURLWithPath: path)
        let folder = url.deletingLastPathComponent()
        let reason: String
        if (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true {
            reason = "it is a folder"
        } else if (try? folder.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory != true {
            reason = "there is no folder \(folder.path)"
        } else if !FileManager.default.isWritableFile(atPath: folder.path) {
            reason = "nothing may be written to \(folder.path)"
        } else {
            return
        }
        throw CommandError(.inputOutput, "cannot write \(path): \(reason)")
    }

    /// The shares of the time, in words.
    package var text: String {
        func percent(_ tasks: Set<LoopTimeline.Task>) -> String {
            TextFormat.percent(timeline.share(of: tasks))
        }
        let neither = 1 - timeline.share(of: LoopTimeline.host.union([.chip]))
        return "host \(percent(LoopTimeline.host)), chip \(percent([.chip])), link \(percent([.link])) of the time; "
            + "neither host nor chip \(TextFormat.percent(neither))"
    }

    /// The picture.
    package func svg() throws(ChartError) -> String {
        let tasks = LoopTimeline.Task.allCases
        func bars(_ wanted: Set<LoopTimeline.Task>) -> [TimelineChart.Bar] {
            timeline.spans.filter { wanted.contains($0.task) }.map { span in
                TimelineChart.Bar(
                    from: 1_000 * span.from, to: 1_000 * span.to, task: tasks.firstIndex(of: span.task) ?? 0)
            }
        }
        var chart = TimelineChart(
            title: "Training steps \(timeline.firstStep + 1) to \(timeline.firstStep + timeline.steps)",
            x: Axis("time (ms)"), tasks: tasks.map(Self.name),
            rows: [
                .init("host", bars(LoopTimeline.host.subtracting([.nextInputs]))),
                .init("next batch", bars([.nextInputs])), .init("link", bars([.link])),
                .init("chip", bars([.chip])),
            ])
        chart.subtitle = text
        return try chart.svg()
    }

    /// Writes the picture.
    ///
    /// - Throws: `inputOutput` when the file cannot be written.
    func write(to path: String) throws {
        let svg = try svg()
        do {
            try Data(svg.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw CommandError(.inputOutput, "cannot write \(path): \(error.localizedDescription)")
        }
    }

    private static func name(_ task: LoopTimeline.Task) -> String {
        switch task {
        case .weights: "weights to codes"
        case .gradient: "gradients of slices"
        case .update: "training step"
        case .nextInputs: "next inputs"
        case .link: "on the way"
        case .chip: "chip runs"
        }
    }
}
