"""The work that all share: a file written by `Benchmarks step --export`, and the rules of the comparison."""

import json
import struct

import numpy as np

TYPES = {"F32": np.float32, "I32": np.int32}
# Training steps whose losses are compared; after them the learning rate is zero, so that activity stays where it is.
CHECKED_STEPS = 5
# Of the loss; float32 sums in other orders, and membranes that come within rounding of the threshold.
TOLERANCE = 1e-3


class Work:
    """Batches of input events, labels, initial weights and constants of the reference network.

    A framework's input at loop step t moves its membrane at loop step t; Volley's grid counts the state before any
    input as step 0, and a hidden spike reaches the readout's current one step later. `steps - 2` loop steps therefore
    compute what a grid of `steps` points computes. Weights carry the factor of the current (`gain`), so that a
    framework that has none computes the same; the learning rate and Adam's epsilon follow.
    """

    def __init__(self, path):
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(length))
            body = file.read()
        constants = header.pop("__metadata__")
        tensors = {}
        for name, entry in header.items():
            start, end = entry["data_offsets"]
            tensors[name] = np.frombuffer(body[start:end], TYPES[entry["dtype"]]).reshape(entry["shape"])
        number = lambda name: float(constants[name])
        self.gain = number("gain")
        self.current_decay = number("current_decay")
        self.membrane_decay = number("membrane_decay")
        self.surrogate_slope = number("surrogate_slope")
        self.loss_scale = number("loss_scale")
        self.learning_rate = number("learning_rate") * self.gain
        self.epsilon = number("epsilon") / self.gain
        self.hidden_weights = tensors["weights.0"] * np.float32(self.gain)
        self.readout_weights = tensors["weights.1"] * np.float32(self.gain)
        self.labels = tensors["labels"]
        self.batches, self.batch_size = self.labels.shape
        self.inputs, self.hidden = self.hidden_weights.shape
        self.outputs = self.readout_weights.shape[1]
        grid_steps = int(constants["steps"])
        self.steps = grid_steps - 2
        bins = tensors["bins"].reshape(self.batches, -1)  # (entry * steps + step), -1 where padded
        units = tensors["units"].reshape(self.batches, -1)
        entry, step = bins // grid_steps, bins % grid_steps
        self.events = []
        for index in range(self.batches):
            kept = (bins[index] >= 0) & (step[index] < self.steps)
            order = np.lexsort((units[index][kept], entry[index][kept], step[index][kept]))
            self.events.append(
                tuple(part[index][kept][order].astype(np.int64) for part in (step, entry, units)))

    def raster(self, index):
        """Input spikes of a batch as zeros and ones, shape [step, entry, input]."""
        dense = np.zeros((self.steps, self.batch_size, self.inputs), np.float32)
        dense[self.events[index]] = 1
        return dense

    def places(self, index):
        """Rows (step * batch_size + entry) and inputs of a batch's events, by row."""
        step, entry, unit = self.events[index]
        return step * self.batch_size + entry, unit

    def response(self):
        """Membrane of the readout at loop step t for a unit of input current at step s, shape [t, s]."""
        synapse = self.current_decay ** np.arange(self.steps)
        membrane = self.membrane_decay ** np.arange(self.steps)
        kernel = np.convolve(synapse, membrane)[: self.steps]
        delay = np.arange(self.steps)[:, None] - np.arange(self.steps)[None, :]
        return np.where(delay >= 0, kernel[np.maximum(delay, 0)], 0).astype(np.float32)
