"""Status codes (SPEC section 9) and the error that carries one."""

from enum import IntEnum


class Status(IntEnum):
    """A status as it stands in the header."""

    OK = 0x0000
    BAD_MAGIC = 0x0101
    BAD_HEADER_CRC = 0x0102
    BAD_PAYLOAD_CRC = 0x0103
    TOO_LARGE = 0x0104
    BAD_FRAGMENT = 0x0105
    VERSION = 0x0106
    UNKNOWN_TYPE = 0x0107
    MALFORMED = 0x0108
    RESERVED_NONZERO = 0x0109
    SEQUENCE_GAP = 0x010A
    CREDIT_EXCEEDED = 0x010B
    STATE = 0x010C
    CRITICAL_UNKNOWN = 0x010D
    NO_SESSION = 0x0201
    LEASE_HELD = 0x0204
    LEASE_EXPIRED = 0x0205
    FENCED = 0x0206
    INVALID = 0x0301
    NOT_SUPPORTED = 0x0303
    EPOCH_MISMATCH = 0x0304
    DUPLICATE_MISMATCH = 0x0306
    FORGOTTEN = 0x0308
    CANCELLED = 0x0309
    BUSY = 0x0401
    FAULT = 0x0407
    INTERNAL = 0x0501
    SHUTTING_DOWN = 0x0504


class Retry(IntEnum):
    """What a host may do after a status."""

    NEVER = 0
    SAME_LATER = 1
    FRESH_LINK = 2
    AFTER_ACQUIRING = 3


_RETRY = {
    Status.BAD_MAGIC: Retry.FRESH_LINK,
    Status.BAD_HEADER_CRC: Retry.FRESH_LINK,
    Status.BAD_PAYLOAD_CRC: Retry.FRESH_LINK,
    Status.BAD_FRAGMENT: Retry.FRESH_LINK,
    Status.SEQUENCE_GAP: Retry.FRESH_LINK,
    Status.CREDIT_EXCEEDED: Retry.FRESH_LINK,
    Status.NO_SESSION: Retry.FRESH_LINK,
    Status.SHUTTING_DOWN: Retry.FRESH_LINK,
    Status.LEASE_HELD: Retry.SAME_LATER,
    Status.BUSY: Retry.SAME_LATER,
    Status.LEASE_EXPIRED: Retry.AFTER_ACQUIRING,
}


def retry_of(code):
    """The class of a status code; an unknown code is never retried (SPEC section 9)."""
    return _RETRY.get(code, Retry.NEVER)


def status_name(code):
    """The name of a status code, or its number where the specification gives none."""
    try:
        return Status(code).name
    except ValueError:
        return f"0x{code:04X}"


class WireError(Exception):
    """Bytes that are not as the specification says, or a request that was refused.

    `offset` is the first byte of the field at fault, counted from the start of the frame, block or payload; for a wrong
    length it is where the missing or superfluous bytes begin. None where no byte is to blame.
    """

    def __init__(self, status, detail, offset=None):
        where = "" if offset is None else f" at byte {offset}"
        super().__init__(f"{status_name(status)}{where}: {detail}")
        self.status = status
        self.detail = detail
        self.offset = offset
