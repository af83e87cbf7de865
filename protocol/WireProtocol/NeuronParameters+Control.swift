import Substrate

extension PBNeuronParameters {
    /// The wire's form of parameters.
    init(_ parameters: NeuronParameters) {
        self.init()
        ranges = [
            parameters.potential, parameters.threshold, parameters.tauMem, parameters.tauSyn,
            parameters.refractory, parameters.synapticGain,
        ].map(PBParameterRange.init)
        bits = UInt32(parameters.bits)
        calibratedByHost = parameters.isCalibratedByHost
    }

    /// The parameters.
    ///
    /// - Throws: `outOfRange` for a range that is none, or codes of more than 16 bits; `truncated` for a missing range.
    func parameters() throws(WireError) -> NeuronParameters {
        guard bits <= 16 else {
            throw WireError(.outOfRange, at: 0, expected: 16, found: UInt64(bits))
        }
        guard ranges.count >= 6 else {
            throw WireError(.truncated, at: 0, expected: 6, found: UInt64(ranges.count))
        }
        return NeuronParameters(
            potential: try ranges[0].range(), threshold: try ranges[1].range(),
            tauMem: try ranges[2].range(), tauSyn: try ranges[3].range(),
            refractory: try ranges[4].range(), synapticGain: try ranges[5].range(),
            bits: Int(bits), isCalibratedByHost: calibratedByHost)
    }
}

extension PBParameterRange {
    /// The wire's form of a range.
    init(_ range: ParameterRange) {
        self.init()
        allowedLower = range.allowed.lowerBound
        allowedUpper = range.allowed.upperBound
        codedLower = range.coded.lowerBound
        codedUpper = range.coded.upperBound
        switch range.spacing {
        case .linear: spacing = .linear
        case .logarithmic: spacing = .logarithmic
        }
    }

    /// The range.
    ///
    /// - Throws: `unknownCode` for a spacing that is not known; `outOfRange` for bounds that are no numbers, fall, or
    ///   have no logarithm where one is needed.
    func range() throws(WireError) -> ParameterRange {
        let spacing: ParameterRange.Spacing
        switch self.spacing {
        case .linear: spacing = .linear
        case .logarithmic: spacing = .logarithmic
        case .unknown, .UNRECOGNIZED:
            throw WireError(.unknownCode, at: 0, expected: 2, found: UInt64(truncatingIfNeeded: self.spacing.rawValue))
        }
        let bounds = [allowedLower, allowedUpper, codedLower, codedUpper]
        guard bounds.allSatisfy(\.isFinite), allowedLower <= allowedUpper, codedLower < codedUpper,
            spacing == .linear || codedLower > 0
        else { throw WireError(.outOfRange, at: 0, found: codedLower.bitPattern) }
        return ParameterRange(
            allowed: allowedLower...allowedUpper, coded: codedLower...codedUpper, spacing: spacing)
    }
}
