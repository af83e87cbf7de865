"""Vectors of control messages and configuration hashes (SPEC section 6)."""

import math

from ..control import pb
from .build import build, portable
from .collector import append, cut

# The messages, and the highest field number of those that have got more since their vectors were frozen.
HIGHEST_FIELD = {}
NAMES = (
    "Limits",
    "Versions",
    "Hello",
    "HelloReply",
    "Open",
    "HeldBatch",
    "OpenReply",
    "ListReply",
    "Credit",
    "Cancel",
    "CancelReply",
    "GoAway",
    "Holder",
    "Fault",
    "Acquire",
    "ChipState",
    "LeaseGrant",
    "LeaseState",
    "Geometry",
    "ParameterRange",
    "NeuronParameters",
    "Description",
    "Targets",
    "Population",
    "Projection",
    "Configure",
    "ConfigureReply",
    "Commit",
    "CommitReply",
    "Observables",
    "Execute",
    "ExecuteReply",
    "Done",
    "Ack",
    "Health",
    "Conditions",
)


def add(collector):
    """Adds them all."""
    _valid(collector)
    _presence(collector)
    _wire(collector)
    _broken(collector)
    _depth(collector)
    _text(collector)
    _hashes(collector)


def _sample(random, descriptor, largest):
    """Fields with random values, or with the largest ones."""
    highest = HIGHEST_FIELD.get(descriptor.name, math.inf)
    return {field.name: _field(random, field, largest) for field in descriptor.fields if field.number <= highest}


def _field(random, field, largest):
    if field.is_repeated:
        return [_single(random, field, largest) for _ in range(1 + largest)]
    return _single(random, field, largest)


def _single(random, field, largest):
    if field.message_type:
        return _sample(random, field.message_type, largest)
    if field.type == field.TYPE_BOOL:
        return True
    if field.type == field.TYPE_STRING:
        return "Ωµ ✓" if largest else f"text {random.randrange(100)}"
    if field.type == field.TYPE_BYTES:
        return ("ff" * 16) if largest else random.randbytes(random.randrange(1, 9)).hex()
    if field.type == field.TYPE_DOUBLE:
        return 1.7976931348623157e308 if largest else random.randrange(1, 4000) / 16
    if field.type == field.TYPE_ENUM:
        return field.enum_type.values[-1 if largest else 1].name
    bits = 64 if field.type in (field.TYPE_UINT64, field.TYPE_FIXED64) else 32
    return portable(2**bits - 1 if largest else random.randrange(1, 1 << random.randrange(1, bits)))


def _valid(collector):
    for name in NAMES:
        descriptor = getattr(pb, name).DESCRIPTOR
        samples = {
            "empty": {},
            "some": _sample(collector.source(name), descriptor, False),
            "largest": _sample(collector.source(name), descriptor, True),
        }
        for kind, value in samples.items():
            collector.valid(f"REQ-006/{name}-{kind}", "control", {"message": name, "value": value})


def _presence(collector):
    def valid(id, name, value, trap):
        collector.valid(id, "control", {"message": name, "value": value}, trap)

    valid("CFG-003/source-absent", "Projection", {"target": 1}, "absent: the external inputs")
    valid("CFG-003/source-zero", "Projection", {"source_population": 0, "target": 1}, "zero is a population")
    valid("OBS-001/reference-absent", "Observables", {"spikes": True}, "absent: the membranes")
    valid("OBS-001/reference-zero", "Observables", {"spikes": True, "reference": 0.0}, "zero is a voltage")
    valid("EXE-002/slot-absent", "Execute", {"batch": 1}, "absent: run nothing")
    valid("EXE-002/slot-zero", "Execute", {"batch": 1, "slot": 0}, "zero is a slot")
    valid("RES-002/temperature-absent", "Done", {"batch": 1}, "absent: not measured")
    valid("RES-002/temperature-zero", "Done", {"batch": 1, "temperature": 0.0}, "0 degrees")
    valid("CFG-005/targets-absent", "Population", {"kind": "POPULATION_KIND_SPIKING", "size": 1}, "no targets")
    valid(
        "CFG-005/targets-empty",
        "Population",
        {"kind": "POPULATION_KIND_SPIKING", "size": 1, "targets": {}},
        "targets that are there and all zero",
    )
    valid("CFG-005/negative-zero", "Targets", {"leak": -0.0}, "minus zero is not the default")
    valid(
        "CFG-005/infinite", "Targets", {"leak": "inf", "reset": "-inf"}, "parsed; whether it fits is another question"
    )


def _wire(collector):
    """Ways of writing a message that no encoder here uses; protobuf takes them."""
    cancel = {"message": "Cancel", "value": {}}
    ways = {
        "unknown-number": ("f8070108 05", "an unknown field with a varint"),
        "unknown-fixed64": ("f907010203040506070808 05", "an unknown field of 8 bytes"),
        "unknown-text": ("fa0702616208 05", "an unknown field with a length"),
        "unknown-fixed32": ("fd070102030408 05", "an unknown field of 4 bytes"),
        "unknown-group": ("fb07080afc0708 05", "an unknown group"),
        "highest-field": ("f8ffffff0f0108 05", "the highest field number"),
        "twice": ("08010805", "a field twice: the last one counts"),
        "long-number": ("08858000", "a number longer than it needs to be"),
        "other-wire-type": ("0a0161 0805", "a known number with another wire type: unknown"),
        "explicit-zero": ("0800", "a default that travels"),
    }
    for name, (data, trap) in ways.items():
        collector.acceptable(
            f"CTL-001/{name}", "control", cancel, trap, "MALFORMED", edits=[append(data.replace(" ", ""))]
        )
    merged = "0a0208010a021002"
    collector.acceptable(
        "CTL-001/merged",
        "control",
        {"message": "Hello", "value": {}},
        "a message in two parts",
        "MALFORMED",
        edits=[append(merged)],
    )
    collector.acceptable(
        "CTL-001/out-of-order",
        "control",
        {"message": "Commit", "value": {}},
        "fields out of order",
        "MALFORMED",
        edits=[append("15010000000803")],
    )


def _broken(collector):
    def refuse(id, data, trap, offset, name="Cancel"):
        collector.invalid(
            f"REQ-006/{id}", "control", {"message": name, "value": {}}, trap, "MALFORMED", offset, edits=[append(data)]
        )

    refuse("tag-only", "08", "a tag without a value", 1)
    refuse("field-zero", "0001", "field number 0", 0)
    refuse("wire-type-6", "0e", "wire type 6", 0)
    refuse("wire-type-7", "0f", "wire type 7", 0)
    refuse("group-end", "0c", "the end of a group that has not begun", 0)
    refuse("group-open", "fb070801", "a group without an end", 2)
    refuse("group-crossed", "fb070b0801fc070c", "groups that cross", 5)
    refuse("number-cut", "0880", "a number is cut off", 1)
    refuse("number-of-11-bytes", "08" + "ff" * 10 + "01", "a number of 11 bytes", 1)
    refuse("tag-of-33-bits", "888080801001", "a tag above 32 bits", 0)
    refuse("tag-cut", "f8", "a tag is cut off", 0)
    refuse("length-too-long", "fa070561", "a length above what follows", 0)
    refuse("length-2-to-31", "fa078080808008", "a length of 2^31", 0)
    refuse("length-2-to-63", "fa0780808080808080808001", "a length of 2^63", 0)
    refuse("fixed32-cut", "15010203", "4 bytes are cut off", 0, "Commit")
    refuse("fixed64-cut", "1901020304050607", "8 bytes are cut off", 0, "Open")
    refuse("double-cut", "0900000000000054", "8 bytes are cut off", 0, "Targets")
    refuse("after-a-good-field", "080708", "a good field, then half a one", 3)
    refuse("inner-length", "0a050801", "an inner message is cut off", 0, "Hello")
    refuse("inner-broken", "0a020801 0a0108".replace(" ", ""), "an inner message is broken", 7, "Hello")
    refuse("inner-tail", "0a03080110", "an inner message ends in a tag", 5, "ListReply")
    for name in ("Hello", "Configure", "Execute", "Done", "Description"):
        fields = {"message": name, "value": _sample(collector.source(name), getattr(pb, name).DESCRIPTOR, False)}
        whole = build("control", fields)
        # The last field of each is cut in its middle, so that the message cannot be complete by chance.
        length = len(whole) - 1
        collector.invalid(
            f"REQ-006/{name}-cut",
            "control",
            fields,
            "the last byte is missing",
            "MALFORMED",
            _last_field(whole, fields),
            edits=[cut(length)],
        )


def _last_field(whole, fields):
    """Where the last field of the outermost message begins: what comes before it is the message without it."""
    message = getattr(pb, fields["message"])
    last = message.DESCRIPTOR.fields[-1].name
    rest = {name: value for name, value in fields["value"].items() if name != last}
    return len(build("control", {**fields, "value": rest}))


def _depth(collector):
    """The payload is level 1; a group or a message in it is one level more."""
    cancel = {"message": "Cancel", "value": {}}

    def groups(count):
        return "fb07" * count + "fc07" * count

    for count in (1, 2, 3):
        collector.acceptable(
            f"CTL-002/groups-{count}",
            "control",
            cancel,
            "unknown groups, not too deep",
            "MALFORMED",
            edits=[append(groups(count))],
        )
    for count in (4, 5, 50, 1000):
        collector.invalid(
            f"CTL-002/groups-{count}",
            "control",
            cancel,
            "unknown groups, nested too deep",
            "MALFORMED",
            8,
            edits=[append(groups(count))],
        )
    inner = groups(3)
    data = f"12{len(inner) // 2:02x}{inner}"
    collector.invalid(
        "CTL-002/groups-in-a-message",
        "control",
        {"message": "Configure", "value": {}},
        "a message in the payload, and three groups in it",
        "MALFORMED",
        8,
        edits=[append(data)],
    )


def _text(collector):
    broken = {
        "byte-ff": "ff",
        "lone-continuation": "80",
        "cut": "c3",
        "overlong-slash": "c0af",
        "surrogate": "eda080",
        "above-10ffff": "f4908080",
        "latin-1": "6fe9",
    }
    for name, data in broken.items():
        collector.invalid(
            f"CTL-003/{name}",
            "control",
            {"message": "Open", "value": {}},
            "text that is not UTF-8",
            "MALFORMED",
            2,
            edits=[append(f"12{len(data) // 2:02x}{data}")],
        )
    collector.valid("CTL-003/nul", "control", {"message": "Open", "value": {"label": "a\0b"}}, "a zero character")
    collector.valid(
        "CTL-003/long", "control", {"message": "Open", "value": {"label": "x" * 300}}, "a length of two bytes"
    )
    grease = {"features": ["grease.7", "grease.ü"], "required_features": ["no.such"]}
    collector.valid("HEL-003/features", "control", {"message": "Hello", "value": grease}, "names nobody knows")


def _hashes(collector):
    targets = {
        "leak": 80.0,
        "reset": 70.5,
        "threshold": 125.0,
        "tau_mem": 10.0,
        "tau_syn_excitatory": 6.0,
        "tau_syn_inhibitory": 6.25,
        "refractory": 2.0,
        "synaptic_gain": 0.75,
    }
    value = {
        "input_count": 5,
        "populations": [{"kind": "POPULATION_KIND_SPIKING", "size": 4, "targets": targets}],
        "projections": [{"target": 0}, {"source_population": 0, "target": 0}],
        "window": 1000,
        "sample_count": 3,
        "sample_period": 250,
        "entry_spacing": 1500,
        "noise_seed": 7,
    }
    collector.valid("CFG-001/hash", "configuration_hash", {"value": value})
    collector.valid("CFG-001/hash-empty", "configuration_hash", {"value": {}}, "the hash of no bytes")
    for name, changed in (("window", 1001), ("noise_seed", 8), ("projections", [{"target": 0}])):
        collector.valid(
            f"CFG-001/hash-{name}", "configuration_hash", {"value": {**value, name: changed}}, "one field differs"
        )
