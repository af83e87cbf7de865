"""Frames: header, payload, trailer (SPEC section 4), and the types of messages (section 5)."""

import struct
from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag

from .crc32c import crc32c
from .limits import Limits
from .status import Status, WireError

MAGIC = b"VLY1"
MAJOR = 1
HEADER_WORDS = 16
HEADER_SIZE = 64
TRAILER_SIZE = 4
_LAYOUT = struct.Struct("<4sBBBBIHHQQQIHBBIIII")
assert _LAYOUT.size == HEADER_SIZE


class Type(IntEnum):
    """The type of a message; the code in the header."""

    HELLO = 0x01
    OPEN = 0x02
    CLOSE = 0x03
    PING = 0x04
    CREDIT = 0x05
    CANCEL = 0x06
    GOAWAY = 0x07
    ERROR = 0x08
    ACQUIRE = 0x10
    RENEW = 0x11
    RELEASE = 0x12
    QUERY = 0x13
    DESCRIBE = 0x20
    CONFIGURE = 0x21
    WEIGHTS = 0x25
    COMMIT = 0x26
    STAGE = 0x30
    EXECUTE = 0x31
    RESULT = 0x32
    DONE = 0x33
    ACK = 0x34
    LIST = 0x35
    GET = 0x40
    REPORT = 0x42


BULK = frozenset({Type.WEIGHTS, Type.STAGE, Type.RESULT})
NOTICES = frozenset({Type.CREDIT, Type.GOAWAY, Type.ERROR, Type.ACK})
NEEDS_LEASE = frozenset({Type.RENEW, Type.CONFIGURE, Type.WEIGHTS, Type.COMMIT, Type.STAGE, Type.EXECUTE})
FROM_DEVICE = frozenset({Type.GOAWAY, Type.ERROR, Type.RESULT, Type.DONE, Type.REPORT})


class Flag(IntFlag):
    """Flags of the header."""

    NONE = 0
    RESPONSE = 1
    FINAL = 2
    DUPLICATE = 4


_KNOWN_FLAGS = int(Flag.RESPONSE | Flag.FINAL | Flag.DUPLICATE)


def channel_of(type, flags=0):
    """1 for the bulk types, 0 for all others and for final responses (section 5)."""
    return 1 if type in BULK and not flags & Flag.FINAL else 0


@dataclass(frozen=True)
class Header:
    """The fields of a header that a sender chooses; magic, version, reserved fields and checksum are put in."""

    type: int
    flags: int = 0
    payload_length: int = 0
    fragment_index: int = 0
    fragment_count: int = 1
    session: int = 0
    sequence: int = 0
    request: int = 0
    token: int = 0
    status: int = 0
    channel: int = 0
    total_length: int = 0
    deadline: int = 0

    def encoded(self):
        """The 64 bytes of section 4.1."""
        body = _LAYOUT.pack(
            MAGIC,
            MAJOR,
            HEADER_WORDS,
            self.type,
            self.flags,
            self.payload_length,
            self.fragment_index,
            self.fragment_count,
            self.session,
            self.sequence,
            self.request,
            self.token,
            self.status,
            self.channel,
            0,
            self.total_length,
            self.deadline,
            0,
            0,
        )[:60]
        return body + struct.pack("<I", crc32c(body))

    def follows(self, former):
        """Whether this is the next fragment of the same message (FRM-011)."""
        varying = dict(payload_length=0, fragment_index=0, sequence=0)
        return self.fragment_index == former.fragment_index + 1 and replace(self, **varying) == replace(
            former, **varying
        )


@dataclass(frozen=True)
class Frame:
    """A header and its payload."""

    header: Header
    payload: bytes = b""

    def encoded(self):
        """Header, payload and, where the payload is not empty, its checksum."""
        if self.header.payload_length != len(self.payload):
            raise ValueError(f"the header says {self.header.payload_length} bytes, the payload has {len(self.payload)}")
        trailer = struct.pack("<I", crc32c(self.payload)) if self.payload else b""
        return self.header.encoded() + self.payload + trailer


def decode_header(data, limits=Limits()):
    """The header at the start of a frame. Raises WireError, in the order of FRM-001."""
    if len(data) < HEADER_SIZE:
        raise WireError(Status.MALFORMED, f"a header has 64 bytes, these are {len(data)}", len(data))
    (
        magic,
        major,
        words,
        type,
        flags,
        payload_length,
        index,
        count,
        session,
        sequence,
        request,
        token,
        status,
        channel,
        reserved1,
        total,
        deadline,
        reserved2,
        checksum,
    ) = _LAYOUT.unpack_from(data)
    if magic != MAGIC:
        raise WireError(Status.BAD_MAGIC, f"magic {magic.hex()}", 0)
    if checksum != crc32c(data[:60]):
        raise WireError(Status.BAD_HEADER_CRC, "the header's checksum does not match", 60)
    if major != MAJOR:
        raise WireError(Status.VERSION, f"major version {major}", 4)
    if words != HEADER_WORDS:
        raise WireError(Status.MALFORMED, f"a header of {words} words", 5)
    if flags & ~_KNOWN_FLAGS:
        raise WireError(Status.RESERVED_NONZERO, f"flags {flags:#04x}", 7)
    for value, offset in ((reserved1, 47), (reserved2, 56)):
        if value:
            raise WireError(Status.RESERVED_NONZERO, f"reserved field is {value}", offset)
    if channel > 1:
        raise WireError(Status.MALFORMED, f"channel {channel}", 46)
    if payload_length > limits.frame_payload:
        raise WireError(Status.TOO_LARGE, f"a payload of {payload_length} bytes", 8)
    if total > (limits.message if type in BULK else limits.control_payload):
        raise WireError(Status.TOO_LARGE, f"a message of {total} bytes", 48)
    if count == 0:
        raise WireError(Status.BAD_FRAGMENT, "a message of no fragments", 14)
    if index >= count:
        raise WireError(Status.BAD_FRAGMENT, f"fragment {index} of {count}", 12)
    if payload_length > total or (count == 1 and payload_length != total):
        raise WireError(Status.BAD_FRAGMENT, f"{payload_length} bytes of {total} in {count} fragments", 48)
    if count > 1 and payload_length == 0:
        raise WireError(Status.BAD_FRAGMENT, "an empty fragment", 8)
    return Header(
        type, flags, payload_length, index, count, session, sequence, request, token, status, channel, total, deadline
    )


def decode_frame(data, limits=Limits()):
    """A frame from all of its bytes. Raises WireError (FRM-001 to FRM-005, FRM-012)."""
    header = decode_header(data, limits)
    end = HEADER_SIZE + header.payload_length
    expected = end + (TRAILER_SIZE if header.payload_length else 0)
    if len(data) != expected:
        raise WireError(Status.MALFORMED, f"a frame of {expected} bytes has {len(data)}", min(len(data), expected))
    payload = bytes(data[HEADER_SIZE:end])
    if payload and struct.unpack_from("<I", data, end)[0] != crc32c(payload):
        raise WireError(Status.BAD_PAYLOAD_CRC, "the payload's checksum does not match", end)
    return Frame(header, payload)
