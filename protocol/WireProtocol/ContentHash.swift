import Crypto
package import Substrate

/// Digests that name configurations and batches (`protocol/SPEC.md`, section 7.6).
package enum ContentHash {
    /// SHA-256 of a CONFIGURE payload, as it was sent.
    package static func configuration(_ payload: some Sequence<UInt8>) -> [UInt8] {
        Array(SHA256.hash(data: Array(payload)))
    }

    /// SHA-256 of everything that decides a recording but the batch's number.
    ///
    /// - Parameter block: the spike block of the inputs, as it was sent.
    package static func batch(
        configurationHash: [UInt8], imageChecksum: UInt32, observables: Observables,
        block: ArraySlice<UInt8>
    ) -> [UInt8] {
        var bytes = configurationHash
        bytes.reserveCapacity(configurationHash.count + 21 + block.count)
        bytes.append(littleEndian: imageChecksum)
        bytes.append(observables.spikes ? 1 : 0)
        bytes.append(littleEndian: UInt32(observables.firstMembrane))
        bytes.append(littleEndian: UInt32(observables.membranes.count))
        if let reference = observables.reference {
            bytes.append(littleEndian: reference.bitPattern)
        }
        bytes.append(contentsOf: block)
        return Array(SHA256.hash(data: bytes))
    }

    /// The bytes that a secret gives for a purpose and a number; unforeseeable without the secret.
    package static func derived(from secret: [UInt8], purpose: UInt8, number: UInt64) -> [UInt8] {
        var bytes = secret
        bytes.append(purpose)
        bytes.append(littleEndian: number)
        return Array(SHA256.hash(data: bytes))
    }
}

extension Observables {
    /// The first membrane, or zero where there is none.
    var firstMembrane: Int { membranes.isEmpty ? 0 : membranes.lowerBound }
}
