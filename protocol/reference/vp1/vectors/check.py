"""Holds the codec against a vector."""

import struct

from .. import control, hashes
from ..codes import decode_codes, encode_codes
from ..control import pb
from ..crc32c import crc32c
from ..frames import decode_frame
from ..limits import Limits
from ..link import Receiver
from ..results import Costs, ResultChunk
from ..spikes import SpikeBlock, StageBlock
from ..status import WireError, status_name
from ..weights import WeightBlock
from .build import build, bytes_of, message


def check(vector, verdict):
    """A sentence of what is wrong, or None. `verdict` is the file's: valid, invalid or acceptable."""
    built = build(vector["kind"], vector["fields"], vector.get("edits", ()))
    stated = [bytes_of(item) for item in vector["bytes"]] if vector["kind"] == "link" else bytes_of(vector["bytes"])
    if built != stated:
        return "the fields give other bytes"
    try:
        again = reencoded(vector["kind"], stated, vector.get("context", {}), vector["fields"])
    except WireError as error:
        found = (status_name(error.status), error.offset)
        if verdict == "valid":
            return f"refused: {error}"
        expected = (vector["status"], vector["offset"])
        return None if found == expected else f"refused with {found}, not {expected}"
    if verdict == "invalid":
        return f"accepted, {vector.get('status')} was due"
    if vector["kind"] == "link":
        return None if again == vector["messages"] else f"messages {again}"
    return None if verdict == "acceptable" or again == stated else "the decoded value encodes to other bytes"


def reencoded(kind, data, context, fields):
    """Decodes and encodes again; for links the messages that come out, for hashes the hash. Raises WireError."""
    if kind == "crc32c":
        return struct.pack("<I", crc32c(bytes_of(fields["data"])))
    if kind == "frame":
        return decode_frame(data, Limits(**context)).encoded()
    if kind == "link":
        receiver = Receiver(Limits(**context))
        messages = [receiver.take(frame) for frame in data]
        return [{"type": taken.header.type, "payload": taken.payload.hex()} for taken in messages if taken]
    if kind == "spikes":
        return SpikeBlock.decode(data, **context).encoded()
    if kind == "stage":
        return StageBlock.decode(data, **context).encoded()
    if kind == "weights":
        return _weights(data, context)
    if kind == "result":
        return ResultChunk.decode(data, **context).encoded()
    if kind == "costs":
        return Costs.decode(data).encoded()
    if kind == "codes":
        return encode_codes(decode_codes(data, **context))
    if kind == "control":
        return control.encode(control.parse(getattr(pb, fields["message"]), data))
    if kind == "configuration_hash":
        return hashes.configuration_hash(build("control", {"message": "Configure", **fields}))
    if kind == "content_hash":
        return _content_hash(fields)
    raise ValueError(f"unknown kind {kind}")


def _weights(data, context):
    block = WeightBlock.decode(data, context.get("synapses"), context.get("weight_limit"))
    if "current" in context:
        block.image(context["current"], context["current_epoch"])
    return block.encoded()


def _content_hash(fields):
    names = ("spikes", "first_membrane", "membrane_count", "reference")
    observables = message({"message": "Observables", "value": {name: fields[name] for name in names if name in fields}})
    return hashes.content_hash(
        bytes_of(fields["configuration_hash"]), fields["image_crc"], observables, build("spikes", fields["inputs"])
    )
