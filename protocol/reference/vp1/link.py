"""One direction of a link: numbers and fragments (SPEC section 4.2)."""

from dataclasses import dataclass, replace

from .frames import BULK, Flag, Frame, Header, Type, channel_of, decode_frame
from .limits import Limits
from .status import Status, WireError


@dataclass(frozen=True)
class Message:
    """A whole message: the header of its first fragment and the joined payload."""

    header: Header
    payload: bytes = b""


class Sender:
    """Numbers frames from 0 and splits messages at the frame limit."""

    def __init__(self, limits=Limits()):
        self.limits = limits
        self.sequence = 0

    def frames(
        self, type, payload=b"", *, flags=Flag.NONE, session=0, request=0, token=0, status=Status.OK, deadline=0
    ):
        """The bytes of each frame of a message, in the order of sending. Raises WireError if it is too large."""
        limit = self.limits.message if type in BULK else self.limits.control_payload
        if len(payload) > limit:
            raise WireError(Status.TOO_LARGE, f"a message of {len(payload)} bytes, the limit is {limit}")
        size = self.limits.frame_payload
        parts = [payload[start : start + size] for start in range(0, len(payload), size)] or [b""]
        header = Header(
            type,
            flags,
            fragment_count=len(parts),
            session=session,
            request=request,
            token=token,
            status=status,
            channel=channel_of(type, flags),
            total_length=len(payload),
            deadline=deadline,
        )
        encoded = []
        for index, part in enumerate(parts):
            fragment = replace(header, payload_length=len(part), fragment_index=index, sequence=self.sequence)
            encoded.append(Frame(fragment, bytes(part)).encoded())
            self.sequence += 1
        return encoded


class Receiver:
    """Checks numbers and joins fragments."""

    def __init__(self, limits=Limits()):
        self.limits = limits
        self.sequence = 0
        self._open = {}

    def take(self, data):
        """A message if the frame completes one, else None. Raises WireError; the link has then ended (FRM-006)."""
        frame = decode_frame(data, self.limits)
        header = frame.header
        if header.type == Type.ERROR:
            # It is acted on whatever its number, and counts like any other frame; a gap before it stays one.
            self.sequence += header.sequence == self.sequence
        else:
            if header.sequence < self.sequence:
                return None
            if header.sequence > self.sequence:
                raise WireError(Status.SEQUENCE_GAP, f"frame {header.sequence} where {self.sequence} is next", 24)
            self.sequence += 1
        return self._join(frame)

    def _join(self, frame):
        header = frame.header
        former, parts, received = self._open.pop(header.channel, (None, [], 0))
        if former is None:
            if header.fragment_index:
                raise WireError(Status.BAD_FRAGMENT, f"fragment {header.fragment_index} of no message", 12)
        elif not header.follows(former):
            raise WireError(Status.BAD_FRAGMENT, "this frame does not continue the message of its channel", 12)
        received += len(frame.payload)
        last = header.fragment_index + 1 == header.fragment_count
        if received > header.total_length or (last and received != header.total_length):
            raise WireError(Status.BAD_FRAGMENT, f"{received} bytes of {header.total_length} in its fragments", 8)
        parts.append(frame.payload)
        if not last:
            self._open[header.channel] = (header, parts, received)
            return None
        return Message(header, b"".join(parts))
