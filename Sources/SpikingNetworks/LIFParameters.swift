import Tensors

/// Parameters of leaky integrate-and-fire neurons with exponential synapses, by NIR's names.
///
/// `tauMem` and `tauSyn` are in microseconds, potentials in units of the model (the reference: leak 0, threshold 1).
/// Membranes of a trace and of an observation count from the leak potential, as recordings do once their first sample
/// is subtracted.
public struct LIFParameters: Sendable, Hashable, Codable {
    /// Time constant of the membrane, us.
    public var tauMem: Double
    /// Time constant of the synaptic current, us.
    public var tauSyn: Double
    /// Potential above which a neuron spikes.
    public var vThreshold: Double
    /// Resting potential.
    public var vLeak: Double
    /// Potential after a spike.
    public var vReset: Double

    /// Parameters, by default those of the reference experiment: both time constants 6 us (Cramer et al., PNAS 2022).
    /// Traps unless both time constants are positive.
    public init(
        tauMem: Double = 6, tauSyn: Double = 6, vThreshold: Double = 1, vLeak: Double = 0, vReset: Double = 0
    ) {
        precondition(tauMem > 0 && tauSyn > 0, "time constants of \(tauMem) and \(tauSyn) us")
        self.tauMem = tauMem
        self.tauSyn = tauSyn
        self.vThreshold = vThreshold
        self.vLeak = vLeak
        self.vReset = vReset
    }

    /// The gain R of the continuous model `tauMem dV/dt = -V + R I`, `tauSyn dI/dt = -I`, a spike adding its weight to I.
    ///
    /// The discrete model `V[t+1] = b V[t] + k I` has `k = R tauSyn (1-a)(1-b)/dt`, so that the integral of a
    /// postsynaptic potential is `R tauSyn` on each grid. R is chosen so that k is 1 at the reference step of 1.7 us:
    /// the paper's recipe is exact on the paper's grid, and finer grids converge to the same continuous model.
    public static func membraneGain(tauMem: Double, tauSyn: Double) -> Double {
        let dt = TimeGrid.referenceStepMicroseconds
        let a = PortableMath.exp(-dt / tauSyn)
        let b = PortableMath.exp(-dt / tauMem)
        return dt / (tauSyn * (1 - a) * (1 - b))
    }

    /// `membraneGain(tauMem:tauSyn:)` of these time constants.
    public var membraneGain: Double { Self.membraneGain(tauMem: tauMem, tauSyn: tauSyn) }

    /// Potential of the threshold above the leak potential.
    var thresholdAboveLeak: Float { Float(vThreshold - vLeak) }
    /// Potential of the reset above the leak potential.
    var resetAboveLeak: Float { Float(vReset - vLeak) }
}
