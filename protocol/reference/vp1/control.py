"""Control payloads (SPEC section 6): which message belongs to which type, and strict parsing."""

from google.protobuf.message import DecodeError

from .frames import Type
from .status import Status, WireError

try:
    from . import control_pb2 as pb
except ImportError as error:
    raise ImportError(
        "vp1/control_pb2.py is missing or does not fit the protobuf package. Write it, from protocol/reference, with\n"
        "  protoc -I ../WireProtocol/Proto --python_out=vp1 control.proto"
    ) from error

DEEPEST = 4

# The payload of requests and notices, by type; types that are not here have an empty payload or a block.
REQUESTS = {
    Type.HELLO: pb.Hello,
    Type.OPEN: pb.Open,
    Type.CREDIT: pb.Credit,
    Type.CANCEL: pb.Cancel,
    Type.GOAWAY: pb.GoAway,
    Type.ERROR: pb.Fault,
    Type.ACQUIRE: pb.Acquire,
    Type.CONFIGURE: pb.Configure,
    Type.COMMIT: pb.Commit,
    Type.EXECUTE: pb.Execute,
    Type.ACK: pb.Ack,
}

# The payload of responses with status OK.
RESPONSES = {
    Type.HELLO: pb.HelloReply,
    Type.OPEN: pb.OpenReply,
    Type.CANCEL: pb.CancelReply,
    Type.ACQUIRE: pb.LeaseGrant,
    Type.QUERY: pb.LeaseState,
    Type.DESCRIBE: pb.Description,
    Type.CONFIGURE: pb.ConfigureReply,
    Type.COMMIT: pb.CommitReply,
    Type.EXECUTE: pb.ExecuteReply,
    Type.DONE: pb.Done,
    Type.LIST: pb.ListReply,
    Type.REPORT: pb.Health,
}


def parse(kind, payload):
    """A control message of a protobuf class. Raises MALFORMED (REQ-006) with the offset of the field at fault."""
    _check_fields(payload, 0, len(payload), kind.DESCRIPTOR, 1)
    message = kind()
    try:
        message.ParseFromString(bytes(payload))
    except DecodeError as error:
        raise WireError(Status.MALFORMED, f"{kind.DESCRIPTOR.name}: {error}", 0) from error
    return message


def encode(message):
    """Canonical bytes: fields by number, defaults left out."""
    return message.SerializeToString(deterministic=True)


_VARINT, _FIXED64, _LENGTH, _GROUP, _END_GROUP, _FIXED32 = range(6)


def _check_fields(data, start, end, descriptor, depth, group=None):
    """Walks the wire format so that depth and offsets are known; returns the offset after a group's end."""
    if depth > DEEPEST:
        raise WireError(Status.MALFORMED, f"nested more than {DEEPEST} deep", start)
    offset = start
    while offset < end:
        field_at = offset
        tag, offset = _varint(data, offset, end)
        number, wire = tag >> 3, tag & 7
        if number == 0 or tag >> 32:
            raise WireError(Status.MALFORMED, f"field number {number}", field_at)
        if wire == _VARINT:
            _, offset = _varint(data, offset, end)
        elif wire in (_FIXED64, _FIXED32):
            offset += 8 if wire == _FIXED64 else 4
        elif wire == _LENGTH:
            length, offset = _varint(data, offset, end)
            field = descriptor.fields_by_number.get(number) if descriptor else None
            if length <= end - offset:
                if field is not None and field.message_type is not None:
                    _check_fields(data, offset, offset + length, field.message_type, depth + 1)
                elif field is not None and field.type == field.TYPE_STRING:
                    _check_text(data[offset : offset + length], offset, field.name)
            offset += length
        elif wire == _GROUP:
            offset = _check_fields(data, offset, end, None, depth + 1, number)
        elif wire == _END_GROUP and number == group:
            return offset
        else:
            raise WireError(Status.MALFORMED, f"wire type {wire}", field_at)
        if offset > end:
            raise WireError(Status.MALFORMED, f"field {number} is cut off", field_at)
    if group is not None:
        raise WireError(Status.MALFORMED, f"group {group} has no end", start)
    return offset


def _check_text(data, offset, name):
    try:
        bytes(data).decode()
    except UnicodeDecodeError as error:
        raise WireError(Status.MALFORMED, f"{name} is not UTF-8", offset) from error


def _varint(data, offset, end):
    value = 0
    for index in range(10):
        if offset + index >= end:
            break
        byte = data[offset + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, offset + index + 1
    raise WireError(Status.MALFORMED, "a number is cut off or longer than 10 bytes", offset)
