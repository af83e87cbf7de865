import ChipEmulator
import Substrate
import Testing

/// Batches that do not fit are refused with the resource and both numbers.
@Suite struct RefusalTests {
    private func refusal(_ change: (inout DeviceBatch) -> Void) throws -> String {
        let configuration = TestBatch.single(.spiking, size: 2, inputs: 3)
        var batch = TestBatch.batch(
            configuration, codes: Array(repeating: 1, count: 6), entries: [[(5, 0), (9, 2)]])
        change(&batch)
        var chip = EmulatedChip(profile: .standard, serial: 1, threads: 1)
        do {
            _ = try chip.run(batch)
        } catch {
            #expect(error.code == .invalidRequest)
            return error.description
        }
        return "accepted"
    }

    @Test func eachLimitIsNamed() throws {
        #expect(try refusal { _ in } == "accepted")
        let cases: [(String, (inout DeviceBatch) -> Void)] = [
            (
                "600 neuron circuits, the chip has 512",
                {
                    $0.configuration.populations[0].size = 600
                }
            ),
            ("300 input channels, the chip has 256", { $0.configuration.inputCount = 300 }),
            ("tauMem is 100.0 us", { $0.configuration.populations[0].targets.tauMem = 100 }),
            ("leak is 20.0 LSB", { $0.configuration.populations[0].targets.leak = 20 }),
            (
                "tauSynInhibitory is nan",
                {
                    $0.configuration.populations[0].targets.tauSynInhibitory = .nan
                }
            ),
            ("weight code 64 of projection 0, source 1, target 1", { $0.synapses.codes[3] = 64 }),
            ("5 weight codes, the network has 6 synapses", { $0.synapses.codes.removeLast() }),
            ("the sample period is 60 ticks", { $0.configuration.samplePeriod = 60 }),
            ("30 samples of 212 ticks in a window of 4240", { $0.configuration.sampleCount = 30 }),
            (
                "an entry needs 153600 bytes of trace memory, the chip has 131072",
                {
                    $0.configuration.window = 65_000
                    $0.configuration.samplePeriod = 107
                    $0.configuration.sampleCount = 600
                }
            ),
            ("the window is 70000 ticks", { $0.configuration.window = 70_000 }),
            (
                "unit 2, tick 9",
                {
                    $0.configuration.inputCount = 2
                    $0.synapses.codes.removeLast(2)
                }
            ),
            (
                "projection 0 targets population 4 of 1",
                {
                    $0.configuration.projections[0].target = 4
                }
            ),
            ("population 0 has 0 neurons", { $0.configuration.populations[0].size = 0 }),
            (
                "membranes 0..<9 are asked for, the network has 2",
                {
                    $0.observables.membranes = 0..<9
                }
            ),
            (
                "starts at population 0, which is integrating",
                {
                    $0.configuration.populations[0].kind = .integrating
                    $0.configuration.projections.append(.init(source: .population(0), target: 0))
                }
            ),
            (
                "1025 entries, the chip takes 1024",
                {
                    for _ in 0..<1_024 { $0.inputs.append([]) }
                }
            ),
        ]
        for (words, change) in cases {
            let text = try refusal(change)
            #expect(text.contains(words), "\(text)")
        }
    }

    @Test func theIdealChipSaysThatNothingIsOn() {
        #expect(EmulatedChip(profile: .ideal, serial: 1).description.effects.isEmpty)
        let standard = EmulatedChip(profile: .standard, serial: 1).description
        #expect(standard.effects.contains("fixed: membrane time constant 12 %"))
        #expect(standard.effects.contains("writing: potentials 0.3 LSB"))
        let everything = EmulatedChip(profile: .everything, serial: 1).description.effects
        #expect(everything.contains("temperature: leak 0.2 LSB/K"))
        #expect(everything.contains("defects: synapses stuck at zero 5 %"))
        #expect(Set(everything).count == everything.count)
        #expect(standard.effects.contains("noise: spike time 60 ns"))
        let other = EmulatedChip(profile: .standard, serial: 2).description
        #expect(standard.calibration != other.calibration)
        #expect(ChipProfile.named("bss2") == .standard && ChipProfile.named("none") == nil)
    }
}
