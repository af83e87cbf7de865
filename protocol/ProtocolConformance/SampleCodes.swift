package import Substrate

extension CaseContext {
    /// The code that gives a value on paper, for a range by its place in the description (DSC-002).
    package func code(_ value: Double, _ index: Int) -> UInt16 {
        let range = claims.ranges[index]
        let highest = Double((1 << claims.bits) - 1)
        let part: Double
        if range.spacing == 2 {
            part = Self.logarithm(value / range.codedLower) / Self.logarithm(range.codedUpper / range.codedLower)
        } else {
            part = (value - range.codedLower) / (range.codedUpper - range.codedLower)
        }
        return UInt16(min(max((part * highest).rounded(), 0), highest))
    }

    /// The codes that give targets on paper.
    package func paperCodes(_ targets: NeuronTargets) -> NeuronCodes {
        var codes = NeuronCodes(all: 0)
        codes.leak = code(targets.leak, 0)
        codes.reset = code(targets.reset, 0)
        codes.threshold = code(targets.threshold, 1)
        codes.tauMem = code(targets.tauMem, 2)
        codes.tauSynExcitatory = code(targets.tauSynExcitatory, 3)
        codes.tauSynInhibitory = code(targets.tauSynInhibitory, 3)
        codes.refractory = code(targets.refractory, 4)
        codes.synapticGain = code(targets.synapticGain, 5)
        return codes
    }

    /// The natural logarithm, to far better than a code's width: halvings, then the series of `artanh`.
    private static func logarithm(_ value: Double) -> Double {
        guard value > 0 else { return 0 }
        let halvings = value.exponent
        let ratio = (value.significand - 1) / (value.significand + 1)
        var term = ratio
        var sum = 0.0
        for power in stride(from: 1.0, to: 60, by: 2) {
            sum += term / power
            term *= ratio * ratio
        }
        return 2 * sum + Double(halvings) * 0.693_147_180_559_945_3
    }

    /// Two leaks that the device takes and its CADC can see, far apart, in LSB.
    package var visibleLeaks: [Double] {
        let highest = Double(claims.geometry.cadcMaximum)
        let lower = max(claims.ranges[0].allowedLower, 0.2 * highest)
        let upper = min(claims.ranges[0].allowedUpper, 0.8 * highest)
        return [0.2, 0.8].map { lower + $0 * (upper - lower) }
    }

    /// The same case, after its sessions were ended: the chip is free for another one.
    package func freed() -> CaseContext {
        cleanUp()
        return self
    }
}

extension NeuronCodes {
    /// Codes of one value, without an offset of the CADC.
    package init(all code: UInt16) {
        self.init(
            leak: code, reset: code, threshold: code, tauMem: code, tauSynExcitatory: code, tauSynInhibitory: code,
            refractory: code, synapticGain: code, cadcOffset: 0)
    }
}

extension Recording {
    /// Mean of all CADC codes; zero where there are none.
    package var meanCode: Double {
        guard let codes = membranes?.codes, !codes.isEmpty else { return 0 }
        return codes.reduce(0) { $0 + Double($1) } / Double(codes.count)
    }

    /// How far a column's codes go from its first one, summed over samples and entries, in LSB.
    package func travel(ofColumn column: Int) -> Int {
        guard let membranes, membranes.sampleCount > 0 else { return 0 }
        let columns = membranes.neurons.count
        var sum = 0
        for entry in 0..<membranes.codes.count / (columns * membranes.sampleCount) {
            let start = entry * columns * membranes.sampleCount + column
            for sample in 0..<membranes.sampleCount {
                sum += abs(Int(membranes.codes[start + sample * columns]) - Int(membranes.codes[start]))
            }
        }
        return sum
    }
}
