/// The payload of WEIGHTS: a whole image of weight codes, or the changes against one (`protocol/SPEC.md`, section 7.3).
package struct WeightBlock: Sendable, Equatable {
    /// How the codes travel.
    package enum Encoding: UInt32, Sendable {
        /// All codes, a byte each.
        case full = 1
        /// A bitmap of the changed codes, then these, a byte each.
        case delta = 2
    }

    /// Length of the head, in bytes.
    package static let headByteCount = 32

    /// How the codes travel.
    package var encoding: Encoding
    /// Codes of the image.
    package var synapseCount: Int
    /// The epoch of the image that a delta changes; zero for a full image.
    package var baseEpoch: UInt32
    /// The epoch that the image will have.
    package var epoch: UInt32
    /// CRC32C of the resulting image.
    package var imageChecksum: UInt32
    /// Codes that travel.
    package var changedCount: Int
    /// Bitmap, for a delta, and codes.
    package var body: ArraySlice<UInt8>

    /// The shorter of both forms of an image, given the one before, if that is known.
    package init(
        image: [Int8], imageChecksum: UInt32, epoch: UInt32, base: (image: [Int8], epoch: UInt32)?
    ) {
        synapseCount = image.count
        self.epoch = epoch
        self.imageChecksum = imageChecksum
        if let base, base.image.count == image.count,
            let delta = WireKernels.delta(from: base.image, to: image)
        {
            encoding = .delta
            baseEpoch = base.epoch
            changedCount = delta.changed
            body = delta.body[...]
        } else {
            encoding = .full
            baseEpoch = 0
            changedCount = image.count
            var codes: [UInt8] = []
            WireKernels.append(image, to: &codes)
            body = codes[...]
        }
    }

    /// The bytes.
    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headByteCount + body.count)
        bytes.append(littleEndian: encoding.rawValue)
        bytes.append(littleEndian: UInt32(synapseCount))
        bytes.append(littleEndian: baseEpoch)
        bytes.append(littleEndian: epoch)
        bytes.append(littleEndian: imageChecksum)
        bytes.append(littleEndian: UInt32(changedCount))
        bytes.append(littleEndian: UInt64(0))
        bytes.append(contentsOf: body)
        return bytes
    }

    /// Reads a payload; the codes themselves are checked by `image(onto:weightLimit:)`.
    ///
    /// - Throws: `truncated`, `tooLarge`, `unknownCode`, `outOfRange`, `reservedNonzero`, `trailingBytes`.
    package init(parsing payload: ArraySlice<UInt8>, synapseLimit: Int) throws(WireError) {
        var reader = ByteReader(payload)
        let code = try reader.read(UInt32.self)
        guard let encoding = Encoding(rawValue: code) else {
            throw WireError(.unknownCode, at: 0, expected: 2, found: UInt64(code))
        }
        self.encoding = encoding
        synapseCount = try reader.readCount(limit: synapseLimit)
        baseEpoch = try reader.read()
        epoch = try reader.read()
        imageChecksum = try reader.read()
        changedCount = try reader.readCount(limit: synapseCount)
        try reader.readReserved(UInt64.self)
        switch encoding {
        case .full:
            guard baseEpoch == 0 else {
                throw WireError(.outOfRange, at: 8, found: UInt64(baseEpoch))
            }
            guard changedCount == synapseCount else {
                throw WireError(
                    .outOfRange, at: 20, expected: UInt64(synapseCount), found: UInt64(changedCount)
                )
            }
            body = try reader.read(count: synapseCount)
        case .delta:
            body = try reader.read(count: (synapseCount + 7) / 8 + changedCount)
        }
        try reader.finish()
    }

    /// The resulting image.
    ///
    /// - Throws: `outOfRange` when the base is of another size, a bit marks no synapse, the bitmap does not mark as
    ///   many codes as travel, or a code is above the limit; `badPayloadChecksum` when the image is not the one meant.
    package func image(onto base: [Int8], weightLimit: Int) throws(WireError) -> [Int8] {
        var image: [Int8]
        var changed: ArraySlice<UInt8>
        switch encoding {
        case .full:
            changed = body
            image = WireKernels.codes(body)
        case .delta:
            guard base.count == synapseCount else {
                throw WireError(
                    .outOfRange, at: 4, expected: UInt64(base.count), found: UInt64(synapseCount))
            }
            let bitmapCount = (synapseCount + 7) / 8
            let bitmap = body.prefix(bitmapCount)
            changed = body.dropFirst(bitmapCount)
            image = base
            try apply(bitmap, changed, to: &image)
        }
        if let index = WireKernels.firstCode(above: weightLimit, in: changed) {
            let code = Int8(bitPattern: changed[changed.startIndex + index])
            throw WireError(
                .outOfRange, at: Self.headByteCount + body.count - changed.count + index,
                expected: UInt64(weightLimit), found: UInt64(code.magnitude))
        }
        let checksum = CRC32C.checksum(image: image)
        guard checksum == imageChecksum else {
            throw WireError(
                .badPayloadChecksum, at: 16, expected: UInt64(imageChecksum), found: UInt64(checksum))
        }
        return image
    }

    private func apply(
        _ bitmap: ArraySlice<UInt8>, _ changed: ArraySlice<UInt8>, to image: inout [Int8]
    ) throws(WireError) {
        let (written, badByte) = WireKernels.apply(bitmap: bitmap, codes: changed, to: &image)
        if let badByte {
            throw WireError(
                .outOfRange, at: Self.headByteCount + badByte, expected: UInt64(changedCount),
                found: UInt64(written))
        }
        guard written == changed.count else {
            throw WireError(
                .outOfRange, at: 20, expected: UInt64(written), found: UInt64(changedCount))
        }
    }
}
