/// What a chip is like in one batch: its temperature, and how its circuits have shifted by then.
///
/// All is a function of serial, noise seed and the batch's number, which is its chip time too; nothing depends on what
/// ran before.
package struct BatchConditions {
    /// The chip's kind.
    let profile: ChipProfile
    /// Which one of its kind.
    let serial: UInt64
    /// Key of the temporal noise.
    let noiseSeed: UInt64
    /// Number of the batch.
    let batch: UInt64
    /// What draws the numbers.
    let instructionSet: InstructionSet

    /// The conditions of a batch.
    package init(
        profile: ChipProfile, serial: UInt64, noiseSeed: UInt64, batch: UInt64,
        instructionSet: InstructionSet = .best
    ) {
        self.profile = profile
        self.serial = serial
        self.noiseSeed = noiseSeed
        self.batch = batch
        self.instructionSet = instructionSet
    }

    /// Chip time since the run's start, in seconds.
    var time: Double { Double(batch) * profile.timing.batchPeriod }

    /// The chip's temperature, in degrees Celsius.
    package var celsius: Double {
        let temperature = profile.temperature
        if temperature.swing == 0 { return temperature.celsius }
        let wave = ElementaryFunctions.sine(turns: time / temperature.period)
        return temperature.celsius + temperature.swing * wave
    }

    /// The shifts of circuits, in their order.
    package func shifts(of circuits: [UInt32]) -> [CircuitShift] {
        var shifts = [CircuitShift](repeating: CircuitShift(), count: circuits.count)
        jitter(circuits, &shifts)
        drift(circuits, &shifts)
        warm(circuits, &shifts)
        return shifts
    }

    private func jitter(_ circuits: [UInt32], _ shifts: inout [CircuitShift]) {
        let scales = profile.batchJitter
        func change(
            _ scale: Double, _ purpose: KeyedDraw.Purpose,
            _ apply: (inout CircuitShift, Double) -> Void
        ) {
            guard scale > 0 else { return }
            let draw = KeyedDraw(serial: serial, purpose, noiseSeed, batch)
            for (index, normal) in normals(draw, circuits).enumerated() {
                apply(&shifts[index], Double(normal))
            }
        }
        func factor(_ scale: Double, _ normal: Double) -> Double {
            KeyedDraw.factor(spread: scale, normal: normal)
        }
        change(scales.leak, .batchLeak) { $0.leak += scales.leak * $1 }
        change(scales.threshold, .batchThreshold) { $0.threshold += scales.threshold * $1 }
        change(scales.tauMem, .batchTauMem) { $0.tauMem *= factor(scales.tauMem, $1) }
        change(scales.tauSyn, .batchTauSynExcitatory) {
            $0.tauSynExcitatory *= factor(scales.tauSyn, $1)
        }
        change(scales.tauSyn, .batchTauSynInhibitory) {
            $0.tauSynInhibitory *= factor(scales.tauSyn, $1)
        }
        change(scales.synapticGain, .batchSynapticGain) {
            $0.synapticGain *= factor(scales.synapticGain, $1)
        }
    }

    private func drift(_ circuits: [UInt32], _ shifts: inout [CircuitShift]) {
        let scales = profile.drift
        func change(
            _ scale: Double, _ purpose: KeyedDraw.Purpose,
            _ apply: (inout CircuitShift, Double) -> Void
        ) {
            guard scale > 0 else { return }
            for (index, walk) in walks(purpose, circuits).enumerated() {
                apply(&shifts[index], scale * walk)
            }
        }
        change(scales.leak, .driftLeak) { $0.leak += $1 }
        change(scales.threshold, .driftThreshold) { $0.threshold += $1 }
        change(scales.tauMem, .driftTauMem) { $0.tauMem *= ElementaryFunctions.exp($1) }
        change(scales.tauSyn, .driftTauSynExcitatory) {
            $0.tauSynExcitatory *= ElementaryFunctions.exp($1)
        }
        change(scales.tauSyn, .driftTauSynInhibitory) {
            $0.tauSynInhibitory *= ElementaryFunctions.exp($1)
        }
        change(scales.synapticGain, .driftSynapticGain) {
            $0.synapticGain *= ElementaryFunctions.exp($1)
        }
    }

    /// How far circuits have walked by now, in standard deviations: `sum over k of (x_k(t) - x_k(0)) / sqrt(2 K)`.
    ///
    /// `x_k` is noise of variance 1 on a lattice of times `T_k = shortest 2^k` up to `longest`; between the nodes it is
    /// `n_0 sqrt(1 - f) + n_1 sqrt(f)`, which keeps the variance. Octaves of equal power are a 1/f spectrum, and any
    /// time can be had without those before it.
    private func walks(_ purpose: KeyedDraw.Purpose, _ circuits: [UInt32]) -> [Double] {
        let (shortest, longest) = (profile.drift.shortest, profile.drift.longest)
        precondition(
            shortest > 0 && longest >= shortest && longest.isFinite,
            "drift takes 0 < shortest <= longest, not \(shortest) and \(longest) s")
        var walks = [Double](repeating: 0, count: circuits.count)
        var octaves = 0
        var spacing = shortest
        while spacing <= longest {
            func add(_ weight: Double, node: Double) {
                if weight == 0 { return }
                let draw = KeyedDraw(
                    serial: serial, purpose, noiseSeed, UInt64(octaves), node.bitPattern)
                for (index, normal) in normals(draw, circuits).enumerated() {
                    walks[index] += weight * Double(normal)
                }
            }
            let node = (time / spacing).rounded(.down)
            let part = time / spacing - node
            add((1 - part).squareRoot(), node: node)
            add(part.squareRoot(), node: node + 1)
            add(-1, node: 0)
            octaves += 1
            spacing *= 2
        }
        let scale = (2 * Double(octaves)).squareRoot()
        return walks.map { $0 / scale }
    }

    private func warm(_ circuits: [UInt32], _ shifts: inout [CircuitShift]) {
        let temperature = profile.temperature
        let kelvins = celsius - temperature.reference
        func change(
            _ coefficient: Double, _ purpose: KeyedDraw.Purpose,
            _ apply: (inout CircuitShift, Double) -> Void
        ) {
            guard coefficient != 0, kelvins != 0 else { return }
            let draw = KeyedDraw(serial: serial, purpose, 0)
            for (index, normal) in normals(draw, circuits).enumerated() {
                let own = coefficient * (1 + temperature.spread * Double(normal))
                apply(&shifts[index], own * kelvins)
            }
        }
        change(temperature.leak, .temperatureLeak) { $0.leak += $1 }
        change(temperature.threshold, .temperatureThreshold) { $0.threshold += $1 }
        change(temperature.tau, .temperatureTau) {
            let factor = ElementaryFunctions.exp($1)
            $0.tauMem *= factor
            $0.tauSynExcitatory *= factor
            $0.tauSynInhibitory *= factor
        }
        change(temperature.synapticGain, .temperatureGain) {
            $0.synapticGain *= ElementaryFunctions.exp($1)
        }
    }

    private func normals(_ draw: KeyedDraw, _ circuits: [UInt32]) -> [Float] {
        ChipCore.normals(key: draw.key, counters: circuits, instructionSet)
    }
}

extension ChipProfile {
    /// Whether circuits differ from batch to batch.
    var shiftsCircuits: Bool {
        batchJitter.leak > 0 || batchJitter.threshold > 0 || drift.leak > 0 || drift.threshold > 0
            || temperature.leak != 0 || temperature.threshold != 0 || shiftsDynamics
    }

    /// Whether their time constants or gains do.
    var shiftsDynamics: Bool {
        batchJitter.tauMem > 0 || batchJitter.tauSyn > 0 || batchJitter.synapticGain > 0
            || drift.tauMem > 0 || drift.tauSyn > 0 || drift.synapticGain > 0
            || temperature.tau != 0 || temperature.synapticGain != 0
    }
}
