import InTheLoop
import Substrate
import Testing
import TrainerCLI

@Suite struct SummaryTableTests {
    @Test func aSoftwareRunSpeaksOfNoChip() throws {
        let text = try table(device: nil)
        #expect(text.hasPrefix("Trained \"yinyang\" in software, without a device\n"))
        #expect(text.contains("test accuracy 93.4 %    of 1,000 patterns that were not trained on"))
        #expect(text.contains("in the last of 1 epochs"))
        #expect(!text.contains("chip time"))
        #expect(text.contains("run folder    runs/x"))
    }

    @Test func aRunInTheLoopSaysTheSplitTheChipAndTheEvents() throws {
        let text = try table(
            device: DeviceDescription(
                kind: .emulator, serial: 7, profile: "bss2", firmware: "1", geometry: .brainScaleS2,
                effects: [], calibration: "ab"))
        #expect(text.contains("in the loop on an emulated chip (profile bss2, serial 7)"))
        #expect(text.contains("host 50.0 %, link 20.0 %, emulating the chip 30.0 %"))
        #expect(text.contains("chip time     3.00 s"))
        #expect(text.contains("\n                          windows 2.50 s, gaps 500 ms\n"), "\(text)")
        #expect(text.contains("chip energy   35.6 mJ"))
        #expect(text.contains("\n                          static 30.0 mJ, events 5.60 mJ\n"))
        #expect(text.contains("3 of them lost on the way"))
        #expect(!text.contains(" \n") && !text.hasSuffix(" "))
    }

    private func table(device: DeviceDescription?) throws -> String {
        var progress = RunProgress()
        progress.history = [
            EpochReport(
                epoch: 1, loss: 0.2, trainingAccuracy: 0.94, testAccuracy: 0.934,
                spikesPerPattern: 12, saturatedWeights: 0)
        ]
        progress.totals.trainingPatterns = 5_000
        progress.totals.stepSeconds = ["replay": 0.5, "device": 0.5]
        progress.totals.training.deviceSeconds = 0.3
        progress.totals.training.windowSeconds = 2.2
        progress.totals.evaluation.windowSeconds = 0.3
        progress.totals.training.gapSeconds = 0.5
        progress.totals.training.staticEnergy = 0.03
        progress.totals.evaluation.eventEnergy = 0.0056
        progress.totals.accounting.offered = 1_000
        progress.totals.accounting.droppedByDriver = 3
        let experiment = try Experiment(yaml: Presets.yaml("yinyang") ?? "", source: "yinyang")
        return SummaryTable(
            RunSummary(experiment: experiment, progress: progress, device: device),
            folder: "runs/x", testPatterns: 1_000
        ).text
    }
}
