"""Codes blocks: the analog parameters of each neuron (SPEC section 7.7)."""

import struct
from dataclasses import astuple, dataclass

from .status import Status, WireError

_LAYOUT = struct.Struct("<8Hh")


@dataclass(frozen=True)
class NeuronCodes:
    """Codes of one neuron; `cadc_offset` in LSB."""

    leak: int
    reset: int
    threshold: int
    tau_mem: int
    tau_syn_excitatory: int
    tau_syn_inhibitory: int
    refractory: int
    synaptic_gain: int
    cadc_offset: int

    def encoded(self):
        """Its 18 bytes."""
        return _LAYOUT.pack(*astuple(self))


def encode_codes(neurons):
    """The block of a population."""
    return b"".join(neuron.encoded() for neuron in neurons)


def decode_codes(data, neurons, bits):
    """The codes of `neurons` neurons of `bits` bits. Raises WireError with the offset of the code at fault."""
    expected = neurons * _LAYOUT.size
    if len(data) != expected:
        raise WireError(
            Status.INVALID, f"{len(data)} bytes for {neurons} neurons, {expected} are needed", min(len(data), expected)
        )
    decoded = [NeuronCodes(*_LAYOUT.unpack_from(data, start)) for start in range(0, expected, _LAYOUT.size)]
    for number, neuron in enumerate(decoded):
        for index, code in enumerate(astuple(neuron)[:8]):
            if code >> bits:
                raise WireError(
                    Status.INVALID,
                    f"code {code} of neuron {number} has more than {bits} bits",
                    number * _LAYOUT.size + 2 * index,
                )
    return decoded
