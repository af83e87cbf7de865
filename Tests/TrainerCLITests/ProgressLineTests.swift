import InTheLoop
import Testing
import TrainerCLI

@Suite struct ProgressLineTests {
    @Test func theBarSaysRateTimeLossAccuracySpikesAndChipTime() {
        let line = ProgressLine(epochs: 20, hasDevice: true, style: style(width: 200))
        let text = line.bar(report, remaining: 65)
        #expect(
            text
                == "epoch  3/20 ━━━━━━━━━━··········  50 % 10,000 patterns/s 1:05 left loss 0.250 accuracy 90.0 % "
                + "12.0 spikes/pattern chip 40.0 ms, wall 1.00 s")
    }

    @Test(arguments: [20, 33, 40, 60, 80, 100, 120])
    func theBarLeavesOutWhatDoesNotFitButNeverWraps(width: Int) {
        for hasColour in [false, true] {
            let style = Console.Style(isTerminal: true, hasColour: hasColour, width: width)
            let line = ProgressLine(epochs: 20, hasDevice: true, style: style)
            let text = plain(line.bar(report, remaining: nil))
            #expect(text.count < width, "\(text)")
            #expect(text.hasPrefix("epoch  3/20"))
        }
    }

    @Test func coloursAppearOnlyWhereTheyMay() {
        let bar = ProgressLine(epochs: 2, hasDevice: false, style: style(width: 90))
            .bar(report, remaining: 1)
        #expect(!bar.contains("\u{1B}"))
        let colourful = Console.Style(isTerminal: true, hasColour: true, width: 90)
        #expect(
            ProgressLine(epochs: 2, hasDevice: false, style: colourful)
                .bar(report, remaining: 1).contains("\u{1B}["))
    }

    @Test func epochLinesSayTestAccuracyAndTimeLeftUntilTheLast() {
        let line = ProgressLine(epochs: 20, hasDevice: false, style: .plain)
        let text = line.epoch(epoch(3), totals: report.totals, remaining: 130)
        #expect(
            text == "epoch  3/20  loss 0.250  training 90.0 %  test 91.2 %  12.0 spikes/pattern  "
                + "10,000 patterns/s  2:10 left")
        #expect(!line.epoch(epoch(20), totals: report.totals, remaining: 0).contains("left"))
    }

    @Test func aboutTwentyEpochLinesStay() {
        for epochs in [1, 2, 20, 37, 100, 1_000] {
            let line = ProgressLine(epochs: epochs, hasDevice: false, style: .plain)
            let kept = (1...epochs).filter(line.keeps)
            #expect(kept.first == 1)
            #expect(kept.last == epochs)
            #expect(kept.count <= 41 && kept.count >= min(epochs, 20))
        }
    }

    private func style(width: Int) -> Console.Style {
        Console.Style(isTerminal: true, hasColour: false, width: width)
    }

    private var report: StepReport {
        var sums = StepSums()
        sums.patterns = 1_000
        sums.loss = 250
        sums.correct = 900
        sums.hiddenSpikes = 12_000
        var totals = RunTotals()
        totals.trainingPatterns = 5_000
        totals.stepSeconds = ["device": 0.3, "replay": 0.2]
        totals.evaluationSeconds = 0.5
        totals.training.windowSeconds = 0.03
        totals.evaluation.windowSeconds = 0.01
        return StepReport(
            epoch: 3, epochs: 20, stepInEpoch: 10, stepsPerEpoch: 20, sums: sums, totals: totals)
    }

    private func epoch(_ number: Int) -> EpochReport {
        EpochReport(
            epoch: number, loss: 0.25, trainingAccuracy: 0.9, testAccuracy: 0.912,
            spikesPerPattern: 12, saturatedWeights: 0)
    }

    /// The text without colour codes.
    private func plain(_ text: String) -> String {
        text.replacing(#/\u{1B}\[[0-9;]*m/#, with: "")
    }
}
