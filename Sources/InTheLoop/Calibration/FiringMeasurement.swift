internal import Substrate
internal import Tensors

/// Reset, threshold and membrane time constant of neurons that fire by themselves.
///
/// With the leak potential D above the threshold, a neuron fires regularly, and after the refractory time its membrane
/// goes from the reset R by `V(t) = D - (D - R) exp(-(t - t_release) / tau_m)`. So `ln(D - V)` is a line in the time since
/// the last spike: its slope gives tau_m, and its value at the mean inter-spike interval gives the threshold, without use
/// of the refractory time or of R. R is what the CADC reads during the refractory time.
struct FiringMeasurement {
    /// What a firing population was like; shapes `[circuit]`, NaN where a circuit does not fire regularly.
    struct Values {
        /// Reset potential, in CADC LSB.
        var reset: [Double]
        /// Threshold, in CADC LSB.
        var threshold: [Double]
        /// Membrane time constant, in microseconds.
        var tauMem: [Double]
        /// Where no threshold could be measured because a circuit is silent, or fires as soon as it can: a threshold
        /// that would do that, in CADC LSB, by circuit.
        var thresholdGuesses: [Int: Double]
    }

    /// Distance that readings keep from the end of the CADC's range, in LSB (own estimate).
    static let readingMargin = 15.0
    private static let keptIntervals = 24.0
    /// Time after which neurons, which start together, have drifted apart, in microseconds: arbiters delay and lose
    /// spikes that come at once.
    private static let driftTime = 25.0
    /// Time that a membrane takes from reset to threshold, at least, in microseconds: long against the jitter of spikes.
    private static let shortestRise = 0.9
    /// Time around spikes and the end of the refractory time in which samples are left out, in ticks: three standard
    /// deviations of the jitter of spike times.
    private static let guardTicks = 22

    /// The leak potential that each circuit is given, in CADC LSB; shape `[circuit]`.
    let drive: [Double]
    private let refractoryCode: UInt16
    private let refractoryTicks: Int
    /// Spikes of an entry that come before its intervals are taken.
    let skippedSpikes: Int
    private let window: Int
    private let samplePeriod: Int
    private let binTicks: Int
    private let entries: Int
    /// Way of the membrane from leak or reset to the threshold, in LSB.
    private let swing: Double
    private let bench: (parameters: NeuronParameters, targets: NeuronTargets)

    /// A measurement for a chip's targets.
    init(_ bench: CircuitBench, entries: Int) {
        let (targets, parameters) = (bench.targets, bench.parameters)
        let highest = Double(bench.geometry.cadcMaximum) - Self.readingMargin
        swing = targets.threshold - min(targets.leak, targets.reset)
        // With exp(rise / tau_m) = (D - R) / (D - threshold), the drive stands swing / growth above the threshold.
        let growth = PortableMath.exp(Self.shortestRise / targets.tauMem) - 1
        let bottom = min(
            targets.threshold + swing * min(0.5, 1 / growth), (targets.threshold + highest) / 2)
        let top = min(targets.threshold + 1.8 * (bottom - targets.threshold), highest)
        // Neighbours get different drives, so that they fall out of step: multiples of the golden section, modulo 1.
        // Where every setting is a population of its own, a few dozen circuits share one.
        let sharing = bench.takesCodes ? 1 : 32
        drive = (0..<bench.circuits).map { circuit in
            let place = 0.618_033_988_749_895 * Double(circuit / sharing)
            return bottom + (top - bottom) * (place - place.rounded(.down))
        }
        let range = parameters.refractory
        let code = range.code(of: max(targets.refractory, 2), highest: parameters.highestCode).rounded()
        let refractory = range.value(ofCode: code, highest: parameters.highestCode)
        refractoryCode = UInt16(code)
        refractoryTicks = ChipClock.ticks(microseconds: refractory)
        let ratio = (bottom - targets.reset) / (bottom - targets.threshold)
        let interval = refractory + targets.tauMem * PortableMath.log(max(ratio, 1.5))
        skippedSpikes = max(1, Int((Self.driftTime / interval).rounded(.up)))
        let wanted = ChipClock.ticks(
            microseconds: (Double(skippedSpikes) + Self.keptIntervals) * interval)
        window = min(wanted, ChipClock.maximumWindow)
        samplePeriod = bench.samplePeriod(window: window, samples: .max)
        binTicks = max(1, ChipClock.ticks(microseconds: targets.tauMem / 16))
        self.entries = entries
        self.bench = (parameters, targets)
    }

    /// Codes that make neurons fire by themselves, made of calibrated ones.
    func firing(_ codes: [NeuronCodes]) -> [NeuronCodes] {
        let (range, highest) = (bench.parameters.potential, bench.parameters.highestCode)
        return codes.enumerated().map { circuit, codes in
            var codes = codes
            let leak = range.code(
                Double(codes.leak), moving: bench.targets.leak, to: drive[circuit], highest: highest)
            codes.leak = UInt16(leak.rounded())
            codes.refractory = refractoryCode
            return codes
        }
    }

    /// Measures firing neurons.
    ///
    /// - Parameters:
    ///   - codes: from `firing`.
    ///   - leaks: the readings of the membranes at rest with these codes, in CADC LSB.
    func values(
        _ bench: inout CircuitBench, codes: [NeuronCodes], leaks: [Double]
    ) async throws(DeviceError) -> Values {
        values(of: try await record(&bench, codes: codes), leaks: leaks)
    }

    /// The recording that `values` evaluates.
    func record(
        _ bench: inout CircuitBench, codes: [NeuronCodes]
    ) async throws(DeviceError) -> Recording {
        try await bench.run(
            .init(
                kind: .spiking, window: window, samplePeriod: samplePeriod,
                inputs: CircuitBench.silence(entries: entries)),
            codes: codes)
    }

    /// What a recording says; `leaks` as in `values`.
    func values(of recording: Recording, leaks: [Double]) -> Values {
        let circuits = leaks.count
        let intervals = IntervalMean(recording, circuits: circuits, skipped: skippedSpikes)
        var phases = PhaseMeans(
            circuits: circuits, refractory: refractoryTicks, guardTicks: Self.guardTicks,
            binTicks: binTicks)
        phases.add(recording, samplePeriod: samplePeriod, skipped: skippedSpikes)
        var result = Values(reset: phases.resets, threshold: [], tauMem: [], thresholdGuesses: [:])
        for circuit in 0..<circuits {
            let rise = intervals.ticks[circuit] - Double(refractoryTicks)
            let line = phases.relaxation(
                of: circuit, towards: leaks[circuit],
                until: min(0.85 * rise, rise - Double(Self.guardTicks)))
            guard let line, intervals.counts[circuit] >= entries else {
                result.tauMem.append(.nan)
                result.threshold.append(.nan)
                result.thresholdGuesses[circuit] =
                    intervals.counts[circuit] < entries
                    ? leaks[circuit] + swing / 4 : result.reset[circuit]
                continue
            }
            result.tauMem.append(-1 / line.slope / ChipClock.ticksPerMicrosecond)
            result.threshold.append(leaks[circuit] - PortableMath.exp(line.start + line.slope * rise))
        }
        return result
    }
}
