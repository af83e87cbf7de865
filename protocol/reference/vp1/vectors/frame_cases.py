"""Vectors of checksums, headers, frames and fragments (SPEC section 4)."""

from ..frames import BULK, FROM_DEVICE, NOTICES, Flag, Type, channel_of
from .build import portable
from .collector import append, cut, flip

PING = {"type": Type.PING, "session": "0x7396cd788e385e39", "sequence": 5, "request": 9}
CANCEL = {"type": Type.CANCEL, "session": 77, "sequence": 6, "request": 10, "payload": "0807"}


def add(collector):
    """Adds them all."""
    _checksums(collector)
    _valid(collector)
    _header(collector)
    _lengths(collector)
    _sequence(collector)
    _fragments(collector)
    _broken_fragments(collector)


def _checksums(collector):
    texts = {
        "empty": b"",
        "check": b"123456789",
        "zero": bytes(1),
        "zeros-32": bytes(32),
        "ones-32": b"\xff" * 32,
        "up-32": bytes(range(32)),
        "down-32": bytes(range(31, -1, -1)),
        "all-bytes": bytes(range(256)),
        "seven": collector.source("seven").randbytes(7),
        "eight": collector.source("eight").randbytes(8),
        "random-100": collector.source("random").randbytes(100),
    }
    for name, data in texts.items():
        collector.valid(f"FRM-004/crc32c-{name}", "crc32c", {"data": data.hex()})


def _valid(collector):
    for type in Type:
        random = collector.source(type.name)
        fields = {
            "type": type,
            "session": portable(random.getrandbits(64)),
            "sequence": random.randrange(1000),
            "request": 0 if type in NOTICES else random.randrange(1, 1000),
            "channel": channel_of(type),
            "payload": random.randbytes(random.randrange(1, 24)).hex(),
        }
        name = type.name.lower()
        if type not in FROM_DEVICE or type in NOTICES:
            collector.valid(f"FRM-003/request-{name}", "frame", fields)
        if type not in NOTICES:
            last = Flag.RESPONSE if type == Type.RESULT else Flag.RESPONSE | Flag.FINAL
            collector.valid(f"FRM-003/response-{name}", "frame", {**fields, "flags": int(last), "payload": ""})
    largest = {
        "session": "0xffffffffffffffff",
        "sequence": "0xffffffffffffffff",
        "request": "0xffffffffffffffff",
        "token": 0xFFFFFFFF,
        "deadline": 0xFFFFFFFF,
    }
    for name, value in largest.items():
        collector.valid(f"FRM-003/largest-{name}", "frame", {**PING, name: value}, "a field at its largest value")
    collector.valid("REQ-003/unknown-status", "frame", {**PING, "flags": 3, "status": 0xFFFF}, "a status nobody knows")
    collector.valid("REQ-005/unknown-type", "frame", {**PING, "type": 0x50}, "the frame is whole, its type is unknown")
    collector.valid("REQ-005/vendor-type", "frame", {**PING, "type": 0xFF, "payload": "00"}, "a vendor's type")
    collector.valid("FRM-003/flag-duplicate", "frame", {**PING, "type": Type.DONE, "flags": 7}, "all flags of 1.0")
    limits = {"frame_payload": 16, "message": 64, "control_payload": 32}
    at_limit = {**PING, "payload": "11" * 16}
    collector.valid("FRM-002/at-the-limit", "frame", at_limit, "a payload of just the limit", context=limits)
    for name, type in (("bulk", Type.STAGE), ("control", Type.CONFIGURE)):
        total = 64 if type in BULK else 32
        fields = {
            "type": type,
            "channel": channel_of(type),
            "fragment_count": total // 16,
            "total_length": total,
            "payload": "22" * 16,
        }
        collector.valid(f"FRM-012/{name}-at-the-limit", "frame", fields, "a message of just the limit", context=limits)


def _header(collector):
    for byte in range(4):
        collector.invalid(
            f"FRM-001/magic-{byte}", "frame", PING, "a damaged magic", "BAD_MAGIC", 0, edits=[flip(byte, byte)]
        )
    collector.invalid(
        "FRM-001/magic-before-checksum",
        "frame",
        {**PING, "magic": "564c5932", "major": 2},
        "another magic under a right checksum, and another version",
        "BAD_MAGIC",
        0,
    )
    for byte in range(4, 64):
        collector.invalid(
            f"FRM-001/damaged-{byte}",
            "frame",
            CANCEL,
            "a bit of the header is inverted",
            "BAD_HEADER_CRC",
            60,
            edits=[flip(byte, byte % 8)],
        )
    checksum_first = {"major": 2, "words": 15, "flags": 8, "payload_length": 0xFFFFFFFF, "reserved_56": 1}
    for name, value in checksum_first.items():
        collector.invalid(
            f"FRM-001/checksum-before-{name}",
            "frame",
            {**PING, name: value, "header_crc": 1},
            "two faults; the checksum comes first",
            "BAD_HEADER_CRC",
            60,
        )
    for major in (0, 2, 255):
        collector.invalid(
            f"FRM-007/major-{major}", "frame", {**PING, "major": major}, "another major version", "VERSION", 4
        )
    for words in (0, 15, 17, 255):
        collector.invalid(
            f"FRM-007/words-{words}", "frame", {**PING, "words": words}, "another header length", "MALFORMED", 5
        )
    for channel in (2, 3, 255):
        collector.invalid(
            f"FRM-007/channel-{channel}", "frame", {**PING, "channel": channel}, "no such channel", "MALFORMED", 46
        )
    for bit in range(3, 8):
        collector.invalid(
            f"FRM-005/flag-{bit}",
            "frame",
            {**PING, "flags": 1 << bit},
            "a flag without a meaning",
            "RESERVED_NONZERO",
            7,
        )
    for value in (1, 0x80):
        collector.invalid(
            f"FRM-005/byte-47-is-{value}",
            "frame",
            {**PING, "reserved_47": value},
            "a reserved byte",
            "RESERVED_NONZERO",
            47,
        )
    for bit in (0, 8, 16, 31):
        collector.invalid(
            f"FRM-005/word-56-bit-{bit}",
            "frame",
            {**PING, "reserved_56": 1 << bit},
            "a reserved word",
            "RESERVED_NONZERO",
            56,
        )


def _lengths(collector):
    for length in (0, 1, 3, 4, 5, 32, 59, 60, 63):
        collector.invalid(
            f"FRM-003/cut-to-{length}", "frame", PING, "less than a header", "MALFORMED", length, edits=[cut(length)]
        )
    for length in (64, 65, 66, 67, 69):
        collector.invalid(
            f"FRM-003/payload-cut-to-{length}",
            "frame",
            CANCEL,
            "payload or trailer are cut off",
            "MALFORMED",
            length,
            edits=[cut(length)],
        )
    for name, fields, end in (("empty", PING, 64), ("payload", CANCEL, 70)):
        for extra in ("00", "00000000", "564c5931"):
            collector.invalid(
                f"FRM-003/{name}-and-{extra}",
                "frame",
                fields,
                "bytes after the frame",
                "MALFORMED",
                end,
                edits=[append(extra)],
            )
    collector.invalid(
        "FRM-003/trailer-without-payload",
        "frame",
        PING,
        "a trailer although the payload is empty",
        "MALFORMED",
        64,
        edits=[append("00000000")] * 2,
    )
    limits = {"frame_payload": 16, "message": 64, "control_payload": 32}
    sizes = {"one-more": 17, "2-to-31": 1 << 31, "all-ones": 0xFFFFFFFF}
    for name, size in sizes.items():
        collector.invalid(
            f"FRM-002/{name}",
            "frame",
            {**PING, "payload_length": size, "total_length": size},
            "a payload length above the limit; no payload follows",
            "TOO_LARGE",
            8,
            context=limits,
        )
        for type in (Type.CONFIGURE, Type.WEIGHTS, Type.STAGE, Type.RESULT):
            total = size if size > 64 else (65 if type in BULK else 33)
            fields = {
                "type": type,
                "channel": channel_of(type),
                "fragment_count": 8,
                "total_length": total,
                "payload": "33" * 16,
            }
            collector.invalid(
                f"FRM-012/{type.name.lower()}-{name}",
                "frame",
                fields,
                "a message above the limit of its kind",
                "TOO_LARGE",
                48,
                context=limits,
            )
    for byte, offset in ((0, 64), (1, 65)):
        collector.invalid(
            f"FRM-004/payload-{byte}",
            "frame",
            CANCEL,
            "a bit of the payload is inverted",
            "BAD_PAYLOAD_CRC",
            66,
            edits=[flip(offset, 3)],
        )
    for byte in range(4):
        collector.invalid(
            f"FRM-004/trailer-{byte}",
            "frame",
            CANCEL,
            "a bit of the trailer is inverted",
            "BAD_PAYLOAD_CRC",
            66,
            edits=[flip(66 + byte, byte)],
        )
    for name, value in (("zero", 0), ("ones", 0xFFFFFFFF), ("not-inverted", 0x5DDCB3E5 ^ 0xFFFFFFFF)):
        collector.invalid(
            f"FRM-004/checksum-{name}",
            "frame",
            {**CANCEL, "payload_crc": value},
            "not the payload's checksum",
            "BAD_PAYLOAD_CRC",
            66,
        )


def _numbered(*frames):
    return [{"session": 7, **frame, "sequence": frame.get("sequence", index)} for index, frame in enumerate(frames)]


def _ping(**fields):
    return {"type": Type.PING, "request": 1, **fields}


def _taken(frames):
    return [{"type": frame["type"], "payload": frame.get("payload", "")} for frame in frames]


def _sequence(collector):
    three = _numbered(_ping(), _ping(request=2), _ping(request=3))
    collector.valid("FRM-010/in-order", "link", {"frames": three}, messages=_taken(three))
    twice = _numbered(_ping(), _ping(sequence=0), _ping(sequence=1, request=2))
    collector.valid(
        "FRM-010/number-seen",
        "link",
        {"frames": twice},
        "a repeated frame is dropped silently",
        messages=_taken(twice[::2]),
    )
    all_twice = [frame for frame in three for _ in range(2)]
    collector.valid(
        "FRM-010/all-twice", "link", {"frames": all_twice}, "each frame comes twice", messages=_taken(three)
    )
    error = {"type": Type.ERROR, "status": 0x0103, "payload": "0a0178"}
    for number in (0, 99):
        frames = _numbered(_ping(), {**error, "sequence": number})
        collector.valid(
            f"FRM-010/error-numbered-{number}",
            "link",
            {"frames": frames},
            "ERROR counts whatever its number",
            messages=_taken(frames),
        )
    for name, frames, at in (
        ("first-is-1", _numbered(_ping(sequence=1)), 0),
        ("one-lost", _numbered(_ping(), _ping(sequence=2)), 1),
        ("far", _numbered(_ping(), _ping(sequence="0xffffffffffffffff")), 1),
        ("swapped", _numbered(_ping(), _ping(sequence=2), _ping(sequence=1)), 1),
    ):
        collector.invalid(
            f"FRM-010/gap-{name}",
            "link",
            {"frames": frames},
            "a number above the next one",
            "SEQUENCE_GAP",
            24,
            frame=at,
        )
    damaged = _numbered(_ping(), {**CANCEL, "sequence": 0, "payload_crc": 0})
    collector.acceptable(
        "FRM-010/damaged-repetition",
        "link",
        {"frames": damaged},
        "a number already seen, with a damaged payload",
        "BAD_PAYLOAD_CRC",
        66,
        frame=1,
        messages=_taken(damaged[:1]),
    )


def _pieces(type, *payloads, **common):
    total = sum(map(len, payloads)) // 2
    return [
        {
            "type": type,
            "request": 4,
            "channel": channel_of(type),
            "fragment_index": index,
            "fragment_count": len(payloads),
            "total_length": total,
            "payload": payload,
            **common,
        }
        for index, payload in enumerate(payloads)
    ]


def _fragments(collector):
    stage = _pieces(Type.STAGE, "0011", "2233", "44")
    whole = [{"type": Type.STAGE, "payload": "0011223344"}]
    collector.valid("FRM-011/three", "link", {"frames": _numbered(*stage)}, messages=whole)
    between = _numbered(stage[0], _ping(), stage[1], _ping(request=6), stage[2])
    collector.valid(
        "FRM-011/control-between",
        "link",
        {"frames": between},
        "messages of the other channel come between",
        messages=[*_taken([_ping(), _ping()]), *whole],
    )
    configure = _pieces(Type.CONFIGURE, "aa", "bb")
    mixed = _numbered(stage[0], configure[0], stage[1], configure[1], stage[2])
    collector.valid(
        "FRM-011/both-split",
        "link",
        {"frames": mixed},
        "a split message on each channel",
        messages=[{"type": Type.CONFIGURE, "payload": "aabb"}, *whole],
    )
    repeated = _numbered(
        stage[0], {**stage[0], "sequence": 0}, {**stage[1], "sequence": 1}, {**stage[2], "sequence": 2}
    )
    collector.valid(
        "FRM-011/fragment-repeated",
        "link",
        {"frames": repeated},
        "a repeated fragment is dropped by its number",
        messages=whole,
    )
    uneven = _pieces(Type.WEIGHTS, "01", "020304", "0506")
    collector.valid(
        "FRM-011/uneven",
        "link",
        {"frames": _numbered(*uneven)},
        "full fragments are a SHOULD",
        messages=[{"type": Type.WEIGHTS, "payload": "010203040506"}],
    )
    many = _pieces(Type.STAGE, *(f"{index:02x}" for index in range(16)))
    collector.valid(
        "FRM-011/sixteen",
        "link",
        {"frames": _numbered(*many)},
        messages=[{"type": Type.STAGE, "payload": bytes(range(16)).hex()}],
    )
    twice = _numbered(*stage, *stage)
    collector.valid("FRM-011/two-messages", "link", {"frames": twice}, messages=whole * 2)
    empty = _numbered(_ping(), {"type": Type.STAGE, "request": 2, "channel": 1})
    collector.valid(
        "FRM-012/empty-unsplit", "link", {"frames": empty}, "an empty message that is not split", messages=_taken(empty)
    )


def _broken_fragments(collector):
    def refuse(name, trap, frames, at, offset=12):
        collector.invalid(
            f"FRM-012/{name}", "link", {"frames": _numbered(*frames)}, trap, "BAD_FRAGMENT", offset, frame=at
        )

    a, b, c = _pieces(Type.STAGE, "0011", "2233", "44")
    refuse("begins-with-1", "a message begins with its second fragment", [b], 0)
    refuse("skips-1", "the second fragment is missing", [a, c], 1)
    refuse("index-twice", "the same index under a new number", [a, a], 1)
    refuse(
        "new-message",
        "another message of the channel comes between",
        [a, {"type": Type.STAGE, "channel": 1, "payload": "00"}],
        1,
    )
    for name, value in (
        ("type", Type.WEIGHTS),
        ("flags", 1),
        ("fragment_count", 4),
        ("session", 8),
        ("request", 5),
        ("token", 1),
        ("status", 1),
        ("total_length", 6),
        ("deadline", 1),
    ):
        refuse(f"other-{name}", "the second fragment differs in its header", [a, {**b, name: value}], 1)
    refuse("count-0", "no fragments", [{**a, "fragment_count": 0}], 0, 14)
    refuse("index-is-count", "the index is not below the count", [{**a, "fragment_index": 3}], 0)
    refuse("index-1-of-1", "the index is not below the count", [_ping(fragment_index=1)], 0)
    refuse("empty-first", "an empty fragment", [{**a, "payload": ""}], 0, 8)
    refuse("empty-second", "an empty fragment", [a, {**b, "payload": ""}], 1, 8)
    refuse("one-of-two-holds-all", "an empty last fragment", _pieces(Type.STAGE, "0011", ""), 1, 8)
    refuse("long-sum", "the last fragment passes the total", [a, b, {**c, "payload": "4455"}], 2, 8)
    short = [{**piece, "total_length": 6} for piece in (a, b, c)]
    refuse("short-sum", "the fragments hold less than the total", short, 2, 8)
    early = [{**piece, "total_length": 3} for piece in (a, b)]
    refuse("sum-passed", "the fragments pass the total before the last one", early, 1, 8)
    refuse("unsplit-total", "a single frame with another total", [_ping(total_length=1)], 0, 48)
    refuse("payload-above-total", "a frame with more than the total", [{**a, "total_length": 1}], 0, 48)
