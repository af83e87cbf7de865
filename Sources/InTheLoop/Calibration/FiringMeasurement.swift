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
        /// Whether a circuit fires too seldom to be measured.
        var isSilent: [Bool]
    }

    /// Distance that readings keep from the end of the CADC's range, in LSB (own estimate).
    static let readingMargin = 15.0
    /// Intervals of each entry before neurons, which start together, have drifted apart: the arbiters delay and lose
    /// spikes that come at once.
    private static let skippedSpikes = 6
    private static let keptIntervals = 24.0
    /// Time around the ends of the refractory time in which samples are left out, in ticks: spike times are jittered.
    private static let guardTicks = 20

    /// The leak potential that each circuit is given, in CADC LSB; shape `[circuit]`.
    let drive: [Double]
    private let refractoryCode: UInt16
    private let refractoryTicks: Int
    private let window: Int
    private let samplePeriod: Int
    private let binTicks: Int
    private let entries: Int
    private let bench: (parameters: NeuronParameters, targets: NeuronTargets)

    /// A measurement for a chip's targets.
    init(_ bench: CircuitBench, entries: Int) {
        let (targets, parameters) = (bench.targets, bench.parameters)
        let highest = Double(bench.geometry.cadcMaximum) - Self.readingMargin
        let swing = targets.threshold - min(targets.leak, targets.reset)
        let top = min(targets.threshold + 0.9 * swing, highest)
        let bottom = targets.threshold + 0.55 * (top - targets.threshold)
        // Neighbours get different drives, so that they fall out of step: multiples of the golden section, modulo 1.
        drive = (0..<bench.circuits).map { circuit in
            let place = 0.618_033_988_749_895 * Double(circuit)
            return bottom + (top - bottom) * (place - place.rounded(.down))
        }
        let range = parameters.refractory
        let code = range.code(of: max(targets.refractory, 2), highest: parameters.highestCode).rounded()
        let refractory = range.value(ofCode: code, highest: parameters.highestCode)
        refractoryCode = UInt16(code)
        refractoryTicks = ChipClock.ticks(microseconds: refractory)
        let ratio = (bottom - targets.reset) / (bottom - targets.threshold)
        let interval = refractory + targets.tauMem * PortableMath.log(max(ratio, 1.5))
        let wanted = ChipClock.ticks(microseconds: (Double(Self.skippedSpikes) + Self.keptIntervals) * interval)
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
        let recording = try await bench.run(
            .init(
                kind: .spiking, window: window, samplePeriod: samplePeriod,
                inputs: CircuitBench.silence(entries: entries)),
            codes: codes)
        let intervals = IntervalMean(recording, circuits: bench.circuits, skipped: Self.skippedSpikes)
        var phases = PhaseMeans(
            circuits: bench.circuits, refractory: refractoryTicks, guardTicks: Self.guardTicks,
            binTicks: binTicks)
        phases.add(recording, samplePeriod: samplePeriod, skipped: Self.skippedSpikes)
        var result = Values(
            reset: phases.resets, threshold: [], tauMem: [],
            isSilent: intervals.counts.map { $0 < entries })
        for circuit in 0..<bench.circuits {
            let line =
                result.isSilent[circuit]
                ? nil
                : phases.relaxation(
                    of: circuit, towards: leaks[circuit],
                    until: 0.85 * (intervals.ticks[circuit] - Double(refractoryTicks)))
            result.tauMem.append(line.map { -1 / $0.slope / ChipClock.ticksPerMicrosecond } ?? .nan)
            result.threshold.append(
                line.map {
                    let rest = intervals.ticks[circuit] - Double(refractoryTicks)
                    return leaks[circuit] - PortableMath.exp($0.start + $0.slope * rest)
                } ?? .nan)
        }
        return result
    }
}
