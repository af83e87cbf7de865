#!/usr/bin/env python3
"""Checks a training step written by `volley gradient` against PyTorch's automatic differentiation.

    volley gradient yinyang --output step.safetensors
    python3 -m venv env && env/bin/pip install torch numpy safetensors
    env/bin/python Tests/CrossChecks/pytorch_gradient.py step.safetensors

The graph is written here anew from the paper's equations, in double precision; a measured value takes the place of the
modelled one, whose gradient it gets. Exit code 1 if any gradient differs by more than 1e-4 of its norm.
"""

import json
import math
import re
import struct
import sys

import torch
from safetensors.torch import load_file

TOLERANCE = 1e-4
REFERENCE_STEP = 1.7  # µs, where the factor of the current is 1


def metadata(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        return json.loads(file.read(length))["__metadata__"]


class SuperSpike(torch.autograd.Function):
    @staticmethod
    def forward(context, distance, beta):
        context.save_for_backward(distance)
        context.beta = beta
        return (distance > 0).to(distance.dtype)

    @staticmethod
    def backward(context, gradient):
        (distance,) = context.saved_tensors
        return gradient / (context.beta * distance.abs() + 1) ** 2, None


class Inject(torch.autograd.Function):
    """The measured value, to the last bit (codes tie often), with the modelled one's gradient."""

    @staticmethod
    def forward(context, measured, modelled):
        return measured.clone()

    @staticmethod
    def backward(context, gradient):
        return None, gradient


def run(path):
    tensors = {name: value.to(torch.float64) for name, value in load_file(path).items()}
    constants = metadata(path)
    tau_m, tau_s = float(constants["tau_mem_us"]), float(constants["tau_syn_us"])
    dt, steps = float(constants["step_us"]), int(constants["steps"])
    number = lambda text, name: float(re.search(name + r": ([0-9.eE+-]+)", text).group(1))
    beta = number(constants["surrogate"], "beta")
    scale = number(constants["loss"], "scale")
    alpha, decay = math.exp(-dt / tau_s), math.exp(-dt / tau_m)
    charge = lambda step: tau_s * (1 - math.exp(-step / tau_s)) * (1 - math.exp(-step / tau_m)) / step
    gain = charge(dt) / charge(REFERENCE_STEP)
    integration = constants["integration"]
    if integration == "exponential":
        membrane_gain = 1 / charge(REFERENCE_STEP)
        same = abs(tau_m - tau_s) < 1e-9
        gain = membrane_gain * (
            dt / tau_s * decay if same else tau_s / (tau_m - tau_s) * (decay - alpha))
    observed = constants["observed"] == "true"
    measured_membranes = constants["measured_membranes"] == "true"
    depth = sum(name.startswith("weights.") for name in tensors)
    weights = [tensors[f"weights.{i}"].requires_grad_() for i in range(depth)]
    recurrent = {
        i: tensors[f"recurrent.{i}"].requires_grad_() for i in range(depth) if f"recurrent.{i}" in tensors}

    source, spikes_of = tensors["input"], []
    for layer in range(depth):
        entries, neurons = source.shape[0], weights[layer].shape[1]
        current = torch.zeros(entries, neurons, dtype=torch.float64)
        membrane = torch.zeros_like(current)
        spike = torch.zeros_like(current)
        spiking = layer < depth - 1
        hold = observed and (measured_membranes or not spiking)
        membranes, spikes = [], []
        for t in range(steps):
            if t > 0:
                previous = current
                current = alpha * current + source[:, t - 1] @ weights[layer]
                if layer in recurrent:
                    current = current + spike @ recurrent[layer]
                drive = current if integration in ("released_code", "releasedCode") else previous
                membrane = decay * membrane + gain * drive
                if spiking and not hold:
                    if constants["reset"] == "zero":
                        membrane = membrane - decay * last * spike.detach()
                    elif constants["reset"] == "subtract":
                        membrane = membrane - spike.detach()
            if hold:
                membrane = Inject.apply(tensors[f"membranes.{layer}"][:, t], membrane)
            last = membrane
            if spiking:
                spike = SuperSpike.apply(membrane - 1, beta)
                spike = Inject.apply(tensors[f"spikes.{layer}"][:, t], spike)
            membranes.append(membrane)
            spikes.append(spike)
        if spiking:
            source = torch.stack(spikes, 1)
            spikes_of.append(source)
        readout = torch.stack(membranes, 1)

    # Ties go to the first maximum; a silent readout is zero at several steps, and amax would share its gradient.
    peak = (readout == readout.amax(1, keepdim=True)).to(torch.uint8).argmax(1, keepdim=True)
    maximum = readout.gather(1, peak).squeeze(1)
    score = maximum if "Max" in constants["loss"] else readout.sum(1)
    loss = torch.nn.functional.cross_entropy(scale * score, tensors["labels"].long())
    loss = loss + float(constants["burst"]) * sum((s.sum(1) ** 2).mean() for s in spikes_of)
    loss = loss + float(constants["weight_decay"]) * sum((w**2).mean() for w in weights[:-1])
    loss = loss + float(constants["readout_amplitude"]) * (maximum**2).mean()
    loss.backward()

    worst = abs(loss.item() - tensors["loss"].item()) / abs(loss.item())
    print(f"loss {loss.item():.9f} here, {tensors['loss'].item():.9f} there, relative difference {worst:.1e}")
    for name, parameter in [(f"weights.{i}", w) for i, w in enumerate(weights)] + [
            (f"recurrent.{i}", w) for i, w in recurrent.items()]:
        theirs = tensors["d_" + name]
        difference = ((parameter.grad - theirs).norm() / parameter.grad.norm()).item()
        worst = max(worst, difference)
        print(f"d_{name} {tuple(theirs.shape)}: norm {parameter.grad.norm():.6f}, relative difference {difference:.1e}")
    print(f"largest relative difference {worst:.1e}, tolerance {TOLERANCE:.0e}")
    return 0 if worst <= TOLERANCE else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(run(sys.argv[1]))
