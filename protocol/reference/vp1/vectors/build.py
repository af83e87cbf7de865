"""From the fields of a vector to its bytes, as protocol/vectors/README.md states it.

Nothing here uses the codec: a field may have any value, so that wrong bytes can be built, and what the codec reads has
been written by other code.
"""

import hashlib
import struct

from ..control import pb
from ..crc32c import crc32c


def build(kind, fields, edits=()):
    """The bytes of a vector; for the kind `link` a list, one item a frame."""
    built = _KINDS[kind](fields)
    if kind == "link":
        return built
    for edit in edits:
        built = _edited(built, **edit)
    return built


def number(value):
    """An integer of a vector: a number, or from 2^53 on a string such as "0x8000000000000000"."""
    return int(value, 16) if isinstance(value, str) else value


def portable(value):
    """The opposite of `number`."""
    return value if abs(value) < 2**53 else f"0x{value:016x}"


def _edited(data, op, offset=0, bit=0, bytes="", length=0):
    if op == "flip":
        return data[:offset] + struct.pack("B", data[offset] ^ 1 << bit) + data[offset + 1 :]
    if op == "set":
        new = bytes_of(bytes)
        return data[:offset] + new + data[offset + len(new) :]
    if op == "cut":
        return data[:length]
    if op == "append":
        return data + bytes_of(bytes)
    raise ValueError(f"unknown edit {op}")


def bytes_of(text):
    """Bytes from hexadecimal digits."""
    return bytes.fromhex(text)


def _crc(fields):
    return struct.pack("<I", crc32c(bytes_of(fields["data"])))


def _frame(fields):
    payload = bytes_of(fields.get("payload", ""))
    get = lambda name, default=0: number(fields.get(name, default))
    head = bytes_of(fields.get("magic", "564c5931"))
    head += struct.pack(
        "<BBBBIHHQQQIHBBIII",
        get("major", 1),
        get("words", 16),
        get("type"),
        get("flags"),
        get("payload_length", len(payload)),
        get("fragment_index"),
        get("fragment_count", 1),
        get("session"),
        get("sequence"),
        get("request"),
        get("token"),
        get("status"),
        get("channel"),
        get("reserved_47"),
        get("total_length", len(payload)),
        get("deadline"),
        get("reserved_56"),
    )
    head += struct.pack("<I", get("header_crc", crc32c(head)))
    if payload:
        payload += struct.pack("<I", get("payload_crc", crc32c(payload)))
    return head + payload


def _link(fields):
    return [_frame(frame) for frame in fields["frames"]]


def _spikes(fields):
    entries = fields["entries"]
    events = [event for entry in entries for event in entry]
    ends = fields.get("ends", [sum(map(len, entries[: index + 1])) for index in range(len(entries))])
    data = struct.pack(
        "<HHIIIIIQ",
        fields.get("encoding", 1),
        fields.get("reserved_2", 0),
        fields["units"],
        fields.get("tick_ps", 8000),
        fields["window"],
        fields.get("entry_count", len(ends)),
        fields.get("event_count", len(events)),
        fields.get("reserved_24", 0),
    )
    return data + struct.pack(f"<{len(ends)}I", *ends) + b"".join(struct.pack("<HH", *event) for event in events)


def _stage(fields):
    return struct.pack("<II", fields["slot"], fields.get("reserved_4", 0)) + _spikes(fields["spikes"])


def _weights(fields):
    codes = fields["codes"]
    image = list(fields.get("former", codes))
    synapses = fields.get("synapses", len(image))
    bitmap = bytearray()
    if fields["encoding"] != 1:
        bitmap = bytearray((synapses + 7) // 8)
        for synapse, code in zip(fields["marked"], codes):
            bitmap[synapse // 8] |= 1 << synapse % 8
            image[synapse] = code
    crc = number(fields.get("crc", crc32c(struct.pack(f"{len(image)}b", *image))))
    data = struct.pack(
        "<IIIIIIQ",
        fields["encoding"],
        synapses,
        fields.get("base_epoch", 0),
        fields["epoch"],
        crc,
        fields.get("count", len(codes)),
        fields.get("reserved_24", 0),
    )
    return data + bytes(bitmap) + struct.pack(f"{len(codes)}b", *codes)


def _result(fields):
    validity = bytes_of(fields["validity"])
    entries = fields.get("entries", len(validity))
    contents = (1 if "spikes" in fields else 0) | (2 if "samples" in fields else 0)
    data = struct.pack(
        "<QIIIIQ",
        number(fields["batch"]),
        fields["number"],
        fields["first_entry"],
        entries,
        fields.get("contents", contents),
        fields.get("reserved_24", 0),
    )
    data += validity + bytes_of(fields.get("padding", "00" * (-len(validity) % 4)))
    if "spikes" in fields:
        data += _spikes(fields["spikes"])
    if "samples" in fields:
        grid = fields["samples"]
        data += struct.pack("<IIII", grid["first_column"], grid["columns"], grid["samples"], grid["period"])
        data += bytes_of(grid["codes"])
    return data


def _costs(fields):
    return struct.pack("<8Q", *map(number, fields["counts"])) + struct.pack("<9d", *map(float, fields["figures"]))


def _codes(fields):
    return b"".join(struct.pack("<8Hh", *neuron) for neuron in fields["neurons"])


def message(fields):
    """The protobuf message of a `control` vector."""
    built = getattr(pb, fields["message"])()
    _fill(built, fields["value"])
    return built


def _fill(target, values):
    for name, value in values.items():
        field = target.DESCRIPTOR.fields_by_name[name]
        if field.is_repeated:
            for item in value:
                if field.message_type:
                    _fill(getattr(target, name).add(), item)
                else:
                    getattr(target, name).append(_scalar(field, item))
        elif field.message_type:
            getattr(target, name).SetInParent()
            _fill(getattr(target, name), value)
        else:
            setattr(target, name, _scalar(field, value))


def _scalar(field, value):
    if field.type == field.TYPE_BYTES:
        return bytes_of(value)
    if field.type == field.TYPE_DOUBLE:
        return float(value)
    if field.type == field.TYPE_ENUM:
        return field.enum_type.values_by_name[value].number if isinstance(value, str) else value
    return value if field.type in (field.TYPE_STRING, field.TYPE_BOOL) else number(value)


def _control(fields):
    return message(fields).SerializeToString(deterministic=True)


def _configuration_hash(fields):
    return hashlib.sha256(_control({"message": "Configure", **fields})).digest()


def _content_hash(fields):
    data = bytes_of(fields["configuration_hash"])
    data += struct.pack(
        "<IBII",
        number(fields["image_crc"]),
        1 if fields["spikes"] else 0,
        fields["first_membrane"],
        fields["membrane_count"],
    )
    if "reference" in fields:
        data += struct.pack("<d", fields["reference"])
    return hashlib.sha256(data + _spikes(fields["inputs"])).digest()


_KINDS = {
    "crc32c": _crc,
    "frame": _frame,
    "link": _link,
    "spikes": _spikes,
    "stage": _stage,
    "weights": _weights,
    "result": _result,
    "costs": _costs,
    "codes": _codes,
    "control": _control,
    "configuration_hash": _configuration_hash,
    "content_hash": _content_hash,
}
