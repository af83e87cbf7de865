internal import Tensors

/// The least-squares fit of a postsynaptic potential with a known membrane time constant: `V = baseline + area K(t)`.
///
/// Three unknowns (area, ln b, baseline) by the method of Gauss and Newton.
struct PSPFit {
    /// Samples at equal distances.
    struct Run {
        /// Time of the first, in microseconds since the event.
        var start: Double
        /// Their distance, in microseconds.
        var step: Double
        /// Readings, in CADC LSB.
        var values: [Double]
        /// Readings outside are left out.
        var readable: ClosedRange<Double>
    }

    /// Where a fit starts.
    struct Start {
        /// Gain times weight codes, in LSB; negative for inhibition.
        var area: Double
        /// Synaptic time constant, in microseconds.
        var tauSyn: Double
        /// Potential without events, in LSB.
        var baseline: Double
    }

    /// Gain times weight codes, in LSB; negative for inhibition.
    private(set) var area: Double
    /// Synaptic time constant, in microseconds.
    private(set) var tauSyn: Double
    private var baseline: Double

    private static let rounds = 20
    private static let precision = 1e-6

    /// Fits; nil where it does not converge, or to an area of the wrong sign.
    init?(_ runs: [Run], tauMem: Double, start: Start) {
        area = start.area
        tauSyn = start.tauSyn
        baseline = start.baseline
        for _ in 0..<Self.rounds {
            guard let change = step(runs, tauMem: tauMem) else { return nil }
            // A far start overshoots: no step is longer than a factor of e^(1/2).
            let turn = min(max(change.logRate, -0.5), 0.5)
            area += change.area
            baseline += change.baseline
            tauSyn *= PortableMath.exp(-turn)
            guard tauSyn > 1e-3, tauSyn < 1e4 else { return nil }
            if turn.magnitude < Self.precision {
                guard area * start.area > 0 else { return nil }
                return
            }
        }
        return nil
    }

    private func step(
        _ runs: [Run], tauMem: Double
    ) -> (area: Double, logRate: Double, baseline: Double)? {
        let kernel = PSPKernel(tauMem: tauMem, tauSyn: tauSyn)
        var normal = SymmetricSystem3()
        for run in runs {
            let first = max(0, Int((-run.start / run.step).rounded(.up)))
            var time = run.start + Double(first) * run.step
            var membrane = PortableMath.exp(-kernel.a * time)
            var current = PortableMath.exp(-kernel.b * time)
            let membraneStep = PortableMath.exp(-kernel.a * run.step)
            let currentStep = PortableMath.exp(-kernel.b * run.step)
            for (index, value) in run.values.enumerated() {
                var shape = 0.0
                var slope = 0.0
                if index >= first {
                    shape = kernel.value(membrane, current, at: time)
                    slope = area * kernel.slope(membrane, current, at: time)
                    time += run.step
                    membrane *= membraneStep
                    current *= currentStep
                }
                guard run.readable.contains(value) else { continue }
                normal.add(shape, slope, 1, residual: value - baseline - area * shape)
            }
        }
        return normal.solution.map { (area: $0.0, logRate: $0.1, baseline: $0.2) }
    }
}

/// The normal equations of three unknowns.
struct SymmetricSystem3 {
    private var xx = 0.0, xy = 0.0, xz = 0.0, yy = 0.0, yz = 0.0, zz = 0.0
    private var rx = 0.0, ry = 0.0, rz = 0.0

    /// No equations yet.
    init() {}

    /// Adds an observation with its derivatives by the unknowns.
    mutating func add(_ x: Double, _ y: Double, _ z: Double, residual: Double) {
        xx += x * x
        xy += x * y
        xz += x * z
        yy += y * y
        yz += y * z
        zz += z * z
        rx += x * residual
        ry += y * residual
        rz += z * residual
    }

    /// The unknowns by Cramer's rule; nil where they are not determined.
    var solution: (Double, Double, Double)? {
        let determinant = xx * (yy * zz - yz * yz) - xy * (xy * zz - yz * xz) + xz * (xy * yz - yy * xz)
        guard determinant > 1e-12 * xx * yy * zz else { return nil }
        let x = rx * (yy * zz - yz * yz) - xy * (ry * zz - yz * rz) + xz * (ry * yz - yy * rz)
        let y = xx * (ry * zz - rz * yz) - rx * (xy * zz - yz * xz) + xz * (xy * rz - ry * xz)
        let z = xx * (yy * rz - yz * ry) - xy * (xy * rz - ry * xz) + rx * (xy * yz - yy * xz)
        return (x / determinant, y / determinant, z / determinant)
    }
}
