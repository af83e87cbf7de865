import Testing
import TrainerCLI

@Suite struct WaferTableTests {
    private func record(_ accuracies: [Double]) -> WaferRecord {
        var record = WaferRecord(task: .training, experiment: "yinyang", seed: 3, serials: [])
        for (index, accuracy) in accuracies.enumerated() {
            var chip = WaferRecord.Chip(serial: UInt64(index + 1))
            chip.testAccuracy = accuracy
            chip.profile = "bss2"
            record.add(chip)
        }
        record.serials = record.chips.map(\.serial)
        return record
    }

    @Test func theTableSaysTheDistributionAndItsEnds() {
        let text = WaferTable(record([0.95, 0.93, 0.94, 0.91, 0.97]), folder: "runs/w").text
        #expect(text.hasPrefix("\"yinyang\" trained on each of 5 chips of profile bss2, seed 3\n"))
        for line in [
            "  test accuracy  mean 94.0 %, SD 2.2 %", "  quartiles      93.0 %, 94.0 %, 95.0 %",
            "  worst          91.0 % (serial 4)", "  best           97.0 % (serial 5)", "  folder         runs/w",
        ] {
            #expect(text.contains(line + "\n") || text.hasSuffix(line), "\(line)\n\(text)")
        }
        #expect(!text.contains(" \n"))
    }

    @Test func theStripPutsEachChipAtItsAccuracy() {
        let strip = WaferTable.strip([0.9, 0.96, 0.96, 1])
        // 60 columns: the ends at 0 and 59, the others at 0.6 * 59 = 35.4.
        #expect(strip.count == 4)
        #expect(strip[0] == String(repeating: " ", count: 35) + "•")
        #expect(Array(strip[1]).enumerated().filter { $0.element == "•" }.map(\.offset) == [0, 35, 59])
        // Quartiles by interpolation: 0.945 and 0.97, at columns 26.6 and 41.3.
        let box = Array(strip[2])
        #expect(box[0] == "├" && box[59] == "┤" && box[35] == "┃")
        #expect(box.indices.filter { box[$0] == "▒" } == Array(27...34) + Array(36...41))
        #expect(strip[3].hasPrefix("90.0 %") && strip[3].hasSuffix("100.0 %") && strip[3].count == 60)
    }

    @Test func fullStacksAreMarked() {
        let strip = WaferTable.strip([Double](repeating: 0.5, count: 9) + [0.6])
        #expect(strip.count == 8)
        #expect(strip[0] == "+")
    }

    @Test func equalChipsAndASingleOneHaveAStripToo() {
        #expect(WaferTable.strip([0.5, 0.5]).last?.hasSuffix("50.0 %") == true)
        #expect(WaferTable(record([0.5]), folder: "w").text.contains("mean 50.0 %\n"))
        #expect(WaferTable.strip([]).isEmpty)
    }

    @Test func failuresAreNamedAndLeftOutOfTheDistribution() {
        var record = record([0.9, 0.92])
        var failed = WaferRecord.Chip(serial: 8)
        failed.problem = "the daemon was killed"
        record.add(failed)
        record.serials.append(8)
        #expect(record.missing == [8])
        #expect(record.testAccuracy?.count == 2)
        #expect(WaferTable(record, folder: "w").text.contains("serial 8 failed: the daemon was killed"))
        failed.problem = nil
        failed.testAccuracy = 0.94
        record.add(failed)
        #expect(record.chips.count == 3 && record.missing.isEmpty && record.failed.isEmpty)
    }
}
