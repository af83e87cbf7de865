import ChipEmulator
import Glibc
import Substrate

extension EffectCase {
    /// Crosstalk, the ways of events, and what is broken.
    static let events: [EffectCase] = [
        EffectCase(number: 12, setting: "crosstalk.neighbour 12, droop 5") {
            let profile = idealBut {
                $0.crosstalk.neighbour = 12
                $0.crosstalk.droop = 5
            }
            // Neuron 10 of 100 fires alone; the second block of 32 feels nothing.
            var weights = [Int8](repeating: 0, count: 100)
            weights[10] = 63
            let configuration = TestBatch.single(
                .spiking, size: 100, targets: TestBatch.targets(tauMem: 60, gain: 40))
            let batch = TestBatch.batch(configuration, codes: weights, entries: [[(100, 0)]])
            var chip = EmulatedChip(profile: profile, serial: 1, threads: 1)
            let recording = try chip.run(batch)
            let spikes = recording.spikes.events
            let codes = recording.membranes?.codes ?? []
            // The membranes move at the boundary after each spike and decay from there.
            let step = 42.4
            func expected(_ jump: Double) -> Double {
                80
                    + spikes.reduce(0) { sum, spike in
                        let from = (Double(spike.tick) / step).rounded(.up) * step
                        return from > 4_028 ? sum : sum + jump * exp((from - 4_028) / 125 / 60)
                    }
            }
            func reading(_ column: Int) -> Double { Double(codes[19 * 100 + column]) }
            return [
                .exact("spikes of others", expected: 0, measured: Double(spikes.count { $0.unit != 10 })),
                .exact("column beside, LSB", expected: expected(7), measured: reading(9), bias: 0.5),
                .exact("column beside, LSB", expected: expected(7), measured: reading(11), bias: 0.5),
                .exact("same block, LSB", expected: expected(-5), measured: reading(31), bias: 0.5),
                .exact("other block, LSB", expected: 80, measured: reading(32)),
            ]
        },
        EffectCase(number: 13, setting: "events.inputLink 125 M/s, buffer 50") {
            // Two events a tick for 100 ticks, one of them served: all ticks up to 99 + 50 serve one.
            let accounting = try burst { $0.events.inputLink = .init(rate: 125, depth: 50) }
            return [
                .exact("accepted of 200", expected: 150, measured: Double(accounting.accepted)),
                .exact("lost in the link", expected: 50, measured: Double(accounting.droppedByInputLink)),
            ]
        },
        EffectCase(number: 13, setting: "events.driverBus 62.5 M/s, buffer 10, 2 buses") {
            // A bus gets one event a tick and serves one in two: 0, 2, ... up to 99 + 20.
            let accounting = try burst {
                $0.events.driverBus = .init(rate: 62.5, depth: 10)
                $0.events.driverBuses = 2
            }
            return [
                .exact("accepted of 200", expected: 120, measured: Double(accounting.accepted)),
                .exact("lost at the drivers", expected: 80, measured: Double(accounting.droppedByDriver)),
            ]
        },
        EffectCase(number: 14, setting: "events.arbiter 125 M/s, buffer 9") {
            // 512 neurons fire in one tick: each of four quadrants serves one and keeps nine.
            let accounting = try volley { $0.events.arbiter = .init(rate: 125, depth: 9) }
            return [
                .exact("delivered of 512", expected: 40, measured: Double(accounting.delivered)),
                .exact("lost in arbitration", expected: 472, measured: Double(accounting.droppedByArbitration)),
            ]
        },
        EffectCase(number: 14, setting: "events.outputLink 250 M/s, buffer 20") {
            let accounting = try volley { $0.events.outputLink = .init(rate: 250, depth: 20) }
            return [
                .exact("delivered of 512", expected: 21, measured: Double(accounting.delivered)),
                .exact("lost in the link", expected: 491, measured: Double(accounting.droppedByOutputLink)),
            ]
        },
        EffectCase(number: 15, setting: "defects.dead 0.03, silent 0.02, firing 0.01") {
            let circuits = drawn(
                idealBut {
                    $0.defects.dead = 0.03
                    $0.defects.silent = 0.02
                    $0.defects.firing = 0.01
                })
            func share(
                _ path: KeyPath<NeuronCircuit, Bool>, _ probability: Double, _ name: String
            ) -> EffectMeasurement {
                .share(
                    circuits.count { $0[keyPath: path] }, of: circuits.count,
                    probability: probability, name)
            }
            return [
                share(\.isDead, 0.03, "dead circuits"), share(\.isSilent, 0.02, "silent circuits"),
                share(\.isFiring, 0.01, "always-firing circuits"),
            ]
        },
        EffectCase(number: 15, setting: "defects.deadCircuits 1, silentCircuits 2, firingCircuits 3") {
            let profile = idealBut {
                $0.defects.deadCircuits = [1]
                $0.defects.silentCircuits = [2]
                $0.defects.firingCircuits = [3]
            }
            let targets = TestBatch.targets(refractory: 1.84, gain: 5)
            let batch = TestBatch.batch(
                TestBatch.single(.spiking, size: 4, targets: targets),
                codes: [63, 63, 63, 0], entries: [[(300, 0)]])
            var chip = EmulatedChip(profile: profile, serial: 1, threads: 1)
            let recording = try chip.run(batch)
            let codes = recording.membranes?.codes ?? []
            func spikes(_ neuron: Int) -> [Double] {
                recording.spikes.events.filter { Int($0.unit) == neuron }.map { Double($0.tick) }
            }
            let column = stride(from: 1, to: codes.count, by: 4).map { codes[$0] }
            // From the reset to a leak of twice the swing: the threshold is half way, at tau ln 2.
            let period = (6 * log(2) + 1.84) * 125
            let firing = spikes(3)
            return [
                .exact("spikes of the dead", expected: 0, measured: Double(spikes(1).count)),
                .exact("codes of the dead, LSB", expected: 80, measured: Double(column.max() ?? 0)),
                .exact("codes of the dead, LSB", expected: 80, measured: Double(column.min() ?? 0)),
                .exact("spikes of the silent", expected: 0, measured: Double(spikes(2).count)),
                .exact(
                    "last period of the firing, ticks", expected: period,
                    measured: firing[firing.count - 1] - firing[firing.count - 2], bias: 2),
            ]
        },
        EffectCase(number: 15, setting: "defects.stuckAtZero 0.04, stuckAtFull 0.02") {
            let profile = idealBut {
                $0.defects.stuckAtZero = 0.04
                $0.defects.stuckAtFull = 0.02
            }
            let found = try (1...20).flatMap {
                try responses(profile, serial: $0, code: 30, gain: 5)
            }
            func near(_ value: Double) -> Int { found.count { abs($0 - value) < 0.02 } }
            // Positive synapses act with 0, 30 or 63; a negative one stuck at full takes 63 off. Zero goes before full.
            let (zero, full) = (0.04, 0.96 * 0.02)
            let good = (1 - zero - full) * (1 - full)
            let size = found.count
            return [
                .share(near(0), of: size, probability: good, "good pairs"),
                .share(near(-1), of: size, probability: zero * (1 - full) + full * full, "pairs at 0"),
                .share(near(63.0 / 30 - 1), of: size, probability: full * (1 - full), "pairs at 63"),
            ]
        },
    ]

    /// What becomes of 200 events of two inputs, two in each of 100 ticks.
    private static func burst(_ change: (inout ChipProfile) -> Void) throws -> EventAccounting {
        let configuration = TestBatch.single(.integrating, inputs: 2)
        let batch = TestBatch.batch(
            configuration, codes: [0, 0], entries: [(0..<200).map { ($0 / 2, $0 % 2) }])
        var chip = EmulatedChip(profile: idealBut(change), serial: 1, threads: 1)
        return try chip.run(batch).accounting
    }

    /// What becomes of the spikes of 512 equal neurons that fire once, all in the same tick.
    private static func volley(_ change: (inout ChipProfile) -> Void) throws -> EventAccounting {
        let configuration = TestBatch.single(
            .spiking, size: 512, targets: TestBatch.targets(refractory: 30, gain: 5), samples: 0)
        let batch = TestBatch.batch(
            configuration, codes: Array(repeating: 63, count: 512), entries: [[(300, 0)]])
        let profile = idealBut {
            $0.events.quadrants = 4
            change(&$0)
        }
        var chip = EmulatedChip(profile: profile, serial: 1, threads: 1)
        return try chip.run(batch).accounting
    }
}
