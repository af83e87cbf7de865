import WireProtocol

/// Section 4: headers, checksums, numbers and fragments.
enum FramingCases {
    static let all = header + lengths + checksums + reserved + sequence + fragments + limits + streams

    /// A case in which one damaged PING ends the link.
    static func ends(
        _ id: String, _ title: String, with status: WireStatus, needs: [ConformanceCase.Need] = [],
        alter: @escaping @Sendable (inout [UInt8], inout CaseRandom) -> Void
    ) -> ConformanceCase {
        ConformanceCase(id, title, in: .framing, needs: needs, hostile: true) { context in
            let client = try context.opened()
            client.send(.ping, alter: { alter(&$0, &context.random) })
            try client.expectEnd([status])
            try context.expectForgotten(client)
        }
    }

    /// Computes a header's checksum anew.
    static func seal(_ frame: inout [UInt8]) {
        guard frame.count >= 64 else { return }
        frame.store(littleEndian: CRC32C.checksum(frame[..<60]), at: 60)
    }

    private static let header: [ConformanceCase] =
        (0..<4).map { index in
            ends(
                "FRM-001/magic-byte-\(index)", "A magic that differs in byte \(index) is refused with BAD_MAGIC",
                with: .badMagic
            ) { frame, _ in
                frame[index] ^= 0x20
                seal(&frame)
            }
        } + [
            ends("FRM-001/magic-before-checksum", "The magic is checked before the checksum", with: .badMagic) {
                frame, _ in
                frame[1] ^= 1
            },
            ends("FRM-001/checksum-before-version", "The checksum is checked before the version", with: .badHeaderCRC) {
                frame, _ in
                frame[4] = 2
            },
            ends(
                "FRM-001/checksum-before-reserved", "The checksum is checked before reserved fields",
                with: .badHeaderCRC
            ) { frame, _ in
                frame[47] = 1
            },
            ends(
                "FRM-001/checksum-before-length", "The checksum is checked before the payload length",
                with: .badHeaderCRC
            ) { frame, _ in
                frame.store(littleEndian: UInt32.max, at: 8)
            },
        ]
        + (0..<4).map { index in
            ends(
                "FRM-001/checksum-byte-\(index)", "A damaged byte \(index) of the header's checksum is found",
                with: .badHeaderCRC
            ) { frame, random in
                frame[60 + index] ^= 1 << UInt8(random.below(8))
            }
        }
        + [
            ("type", 6), ("flags", 7), ("payload-length", 8), ("fragment-index", 12), ("fragment-count", 14),
            ("session", 16),
            ("sequence", 24), ("request", 32), ("token", 40), ("status", 44), ("channel", 46), ("total-length", 48),
            ("deadline", 52),
        ].map { name, offset in
            ends("FRM-001/damaged-\(name)", "A flipped bit of the header's \(name) is found", with: .badHeaderCRC) {
                frame, random in
                frame[offset] ^= 1 << UInt8(random.below(8))
            }
        }

    private static let lengths: [ConformanceCase] =
        [("limit-plus-1", nil), ("2-to-31", UInt32(1) << 31), ("largest", UInt32.max)].map { name, length in
            ConformanceCase(
                "FRM-002/\(name)",
                "A payload length above the limit is refused with TOO_LARGE before the payload is there",
                in: .framing, hostile: true
            ) { context in
                let client = try context.opened()
                let value = length ?? UInt32(client.agreed.framePayload) + 1
                client.send(
                    .ping,
                    alter: {
                        $0.store(littleEndian: value, at: 8)
                        seal(&$0)
                    })
                try client.expectEnd([.tooLarge])
            }
        }
        + [0, 1, 3, 4, 32, 63].map { count in
            ends(
                "FRM-003/header-of-\(count)-bytes", "A frame of \(count) bytes is refused with MALFORMED",
                with: .malformed,
                needs: count == 0 ? [.frameLengths, .emptyFrames] : [.frameLengths]
            ) { frame, _ in
                frame = Array(frame.prefix(count))
            }
        } + [
            ends(
                "FRM-003/superfluous-after-header", "A byte after a frame without payload is refused", with: .malformed,
                needs: [.frameLengths]
            ) { frame, _ in
                frame.append(0)
            },
            ends(
                "FRM-003/trailer-without-payload", "A trailer without a payload is refused", with: .malformed,
                needs: [.frameLengths]
            ) { frame, _ in
                frame += [0, 0, 0, 0]
            },
        ]
        + [
            ("payload-missing", -10), ("payload-short", -7), ("trailer-missing", -4), ("trailer-short", -1),
            ("superfluous-byte", 1), ("superfluous-kilobyte", 1_024),
        ].map { name, change in
            ConformanceCase(
                "FRM-003/\(name)", "A frame whose length is off by \(change) bytes is refused", in: .framing,
                needs: [.frameLengths], hostile: true
            ) { context in
                let client = try context.opened()
                client.send(
                    .cancel, [8, 0, 8, 0, 8, 1],
                    alter: { frame in
                        if change < 0 { frame.removeLast(-change) } else { frame += context.random.bytes(change) }
                    })
                try client.expectEnd([.malformed])
            }
        }

    private static let checksums: [ConformanceCase] = [
        ConformanceCase(
            "FRM-004/payload-bits", "A flipped bit anywhere in a payload is found (BAD_PAYLOAD_CRC)", in: .framing,
            hostile: true
        ) { context in
            try context.each(Array(0..<8), { "bit \($0)" }) { bit in
                let client = try context.opened()
                client.send(
                    .cancel, [8, 1, 0x12, 4, 1, 2, 3, 4], alter: { $0[64 + context.random.below(8)] ^= 1 << UInt8(bit) }
                )
                try client.expectEnd([.badPayloadCRC])
            }
        },
        ConformanceCase("FRM-004/trailer-bytes", "A damaged trailer is found", in: .framing, hostile: true) { context in
            try context.each(Array(0..<4), { "byte \($0)" }) { index in
                let client = try context.opened()
                client.send(.cancel, [8, 1], alter: { $0[66 + index] ^= 1 << UInt8(context.random.below(8)) })
                try client.expectEnd([.badPayloadCRC])
            }
        },
        ConformanceCase(
            "FRM-004/not-used", "A payload whose checksum is wrong is not acted on", in: .framing, hostile: true
        ) { context in
            let client = try context.opened()
            client.send(.acquire, ControlPayload.number(30_000), alter: { $0[$0.count - 1] ^= 1 })
            try client.expectEnd([.badPayloadCRC])
            let other = try context.opened()
            let state = try other.ok(.query).fields()
            try context.require(state.number(1) == 0, "the lease was granted to a damaged ACQUIRE")
        },
        ConformanceCase("FRM-004/zero-trailer", "A trailer of zeros is no right checksum", in: .framing, hostile: true)
        { context in
            let client = try context.opened()
            client.send(.cancel, [8, 1], alter: { $0.replaceSubrange($0.count - 4..<$0.count, with: [0, 0, 0, 0]) })
            try client.expectEnd([.badPayloadCRC])
        },
    ]

    private static let reserved: [ConformanceCase] =
        (3..<8).map { bit in
            ends(
                "FRM-005/flag-\(bit)", "The undefined flag \(bit) is refused with RESERVED_NONZERO",
                with: .reservedNonzero
            ) { frame, _ in
                frame[7] |= 1 << UInt8(bit)
                seal(&frame)
            }
        }
        + [47, 56, 57, 58, 59].map { offset in
            ends(
                "FRM-005/byte-\(offset)", "A reserved byte \(offset) that is not zero is refused",
                with: .reservedNonzero
            ) { frame, random in
                frame[offset] = UInt8(1 + random.below(255))
                seal(&frame)
            }
        }
        + [0, 2, 3, 255].map { major in
            ends("FRM-007/major-\(major)", "Major version \(major) in a header is refused with VERSION", with: .version)
            { frame, _ in
                frame[4] = UInt8(major)
                seal(&frame)
            }
        }
        + [0, 15, 17, 255].map { words in
            ends(
                "FRM-007/header-words-\(words)", "A header length of \(words) words is refused with MALFORMED",
                with: .malformed
            ) { frame, _ in
                frame[5] = UInt8(words)
                seal(&frame)
            }
        }
        + [2, 3, 255].map { channel in
            ends("FRM-007/channel-\(channel)", "Channel \(channel) is refused with MALFORMED", with: .malformed) {
                frame, _ in
                frame[46] = UInt8(channel)
                seal(&frame)
            }
        }
        + [
            ConformanceCase(
                "FRM-007/versions-are-ours",
                "Where the refusal of a header's version states versions, they are the device's", in: .framing,
                hostile: true
            ) { context in
                let client = try context.opened()
                client.send(
                    .ping,
                    alter: {
                        $0[4] = 2
                        seal(&$0)
                    })
                let fault = try client.expectEnd([.version])
                let versions = try fault.message(4)
                try context.require(
                    !fault.has(4) || versions.number(1) <= 1 && versions.number(2) >= 1,
                    "Fault.versions is \(versions.number(1)) to \(versions.number(2)) (HEL-002)")
            },
            ConformanceCase(
                "FRM-006/session-survives", "A violation ends the link, not the session", in: .framing, hostile: true
            ) { context in
                let client = try context.leased()
                client.send(.ping, alter: { $0[0] ^= 1 })
                try client.expectEnd([.badMagic])
                let (again, _) = try context.resumed(client)
                try again.ok(.renew)
            },
            ConformanceCase(
                "FRM-006/other-links-live", "A violation on a link does nothing to other links", in: .framing,
                hostile: true
            ) { context in
                let good = try context.opened()
                let bad = try context.opened()
                bad.send(.ping, alter: { $0[60] ^= 1 })
                try bad.expectEnd([.badHeaderCRC])
                try good.settle()
            },
            ConformanceCase(
                "FRM-006/error-is-a-notice",
                "ERROR carries no request, is no response, and says in words what is wrong", in: .framing
            ) { context in
                let client = try context.opened()
                client.send(.ping, alter: { $0[0] ^= 1 })
                let fault = try client.expectEnd([.badMagic])
                if let error = client.ending {
                    try context.require(error.header.request == 0, "ERROR has request number \(error.header.request)")
                    try context.require(!fault.text(1).isEmpty, "ERROR has no detail")
                }
            },
        ]
}

extension CaseContext {
    /// A link that was ended is forgotten: the next frame on it gets NO_SESSION (HEL-006), however it is numbered.
    func expectForgotten(_ client: RawClient) throws {
        guard client.loss == nil else { return }
        client.forgetEnding()
        guard target.sharing == .many else {
            // A stream, or a cable, is deaf until it is opened anew (STR-002, USB-004).
            client.send(.ping)
            return try require(
                try client.next(within: .milliseconds(200)) == nil,
                "the device answers on a link that it has ended (STR-002)")
        }
        client.send(.ping)
        try client.expectEnd([.noSession])
    }
}
