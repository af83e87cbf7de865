"""Hashes of configurations (CFG-001) and of the content of a batch (SPEC section 7.6)."""

import hashlib
import struct


def configuration_hash(payload):
    """The SHA-256 of a CONFIGURE payload as sent."""
    return hashlib.sha256(payload).digest()


def content_hash(configuration, image_crc, observables, spike_block):
    """The hash of a batch; `observables` is the protobuf message, `spike_block` the bytes as sent."""
    data = configuration + struct.pack(
        "<IBII", image_crc, 1 if observables.spikes else 0, observables.first_membrane, observables.membrane_count
    )
    if observables.HasField("reference"):
        data += struct.pack("<d", observables.reference)
    return hashlib.sha256(data + spike_block).digest()
