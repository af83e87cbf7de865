internal import Substrate

/// What the columns of the CADC make of a voltage: `reading = gain V + offset`, less what codes take off.
struct ConverterColumns {
    /// Gain of each column; NaN where it could not be measured; shape `[circuit]`.
    var gain: [Double]
    /// Reading of each column at a voltage of zero, in LSB; shape `[circuit]`.
    var offset: [Double]

    /// The voltage of a reading, in LSB; `codes` are those that were written.
    func voltage(_ reading: Double, circuit: Int, codes: NeuronCodes) -> Double {
        (reading + Double(codes.cadcOffset) - offset[circuit]) / gain[circuit]
    }

    /// The voltages of readings; shape `[circuit]`.
    func voltages(_ readings: [Double], codes: [NeuronCodes]) -> [Double] {
        readings.enumerated().map { voltage($1, circuit: $0, codes: codes[$0]) }
    }

    /// What codes can take off each column, so that it reads a voltage as it is; shape `[circuit]`.
    func trim(at voltage: Double) -> [Int16] {
        zip(gain, offset).map { gain, offset in
            let excess = (gain - 1) * voltage + offset
            return excess.isFinite ? Int16(min(max(excess.rounded(), -255), 255)) : 0
        }
    }
}
