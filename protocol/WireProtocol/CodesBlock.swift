package import Substrate

/// Parameter codes of a population as 18 bytes a neuron (`protocol/SPEC.md`, section 7.7).
package enum CodesBlock {
    /// Length of a neuron's codes, in bytes.
    package static let byteCountPerNeuron = 18

    private static let paths: [WritableKeyPath<NeuronCodes, UInt16> & Sendable] = [
        \.leak, \.reset, \.threshold, \.tauMem, \.tauSynExcitatory, \.tauSynInhibitory,
        \.refractory, \.synapticGain,
    ]

    /// The bytes.
    package static func encode(_ codes: [NeuronCodes]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(codes.count * byteCountPerNeuron)
        for neuron in codes {
            for path in paths { bytes.append(littleEndian: neuron[keyPath: path]) }
            bytes.append(littleEndian: neuron.cadcOffset)
        }
        return bytes
    }

    /// Reads a block.
    ///
    /// - Throws: `unfit` for a length that is not a whole number of neurons.
    package static func decode(_ bytes: ArraySlice<UInt8>) throws(WireError) -> [NeuronCodes] {
        let superfluous = bytes.count % byteCountPerNeuron
        guard superfluous == 0 else {
            throw WireError(
                .unfit, at: bytes.count, expected: UInt64(bytes.count - superfluous), found: UInt64(bytes.count))
        }
        var reader = ByteReader(bytes)
        var codes: [NeuronCodes] = []
        codes.reserveCapacity(bytes.count / byteCountPerNeuron)
        while reader.remaining > 0 {
            var neuron = NeuronCodes(
                leak: 0, reset: 0, threshold: 0, tauMem: 0, tauSynExcitatory: 0,
                tauSynInhibitory: 0, refractory: 0, synapticGain: 0, cadcOffset: 0)
            for path in paths { neuron[keyPath: path] = try reader.read() }
            neuron.cadcOffset = Int16(bitPattern: try reader.read())
            codes.append(neuron)
        }
        return codes
    }
}
