"""PyTorch as an expert would write it: an adjoint of its own, no automatic differentiation, input by events.

The input's currents are a sparse product (a row of weights for each event), and so is the gradient of the input
weights; the readout, being linear, is a product with its response to an impulse; only the hidden layer runs step by
step. `torch-compiled` compiles these steps, so that the state stays in registers over many of them.
"""

import torch


# Most steps that are compiled into one: beyond, the compiler's code spills its registers and gets slower.
COMPILED_STEPS = 20


def forward_chunk(arriving, state, current_decay, membrane_decay):
    """Membranes and spikes of some steps of the hidden layer, and the state after them."""
    current, membrane, spike = state
    membranes, spikes = [], []
    for step in range(arriving.shape[0]):
        current = current_decay * current + arriving[step]
        membrane = membrane_decay * membrane + current - spike
        spike = (membrane > 1).to(membrane.dtype)
        membranes.append(membrane)
        spikes.append(spike)
    return torch.stack(membranes), torch.stack(spikes), (current, membrane, spike)


def backward_chunk(membranes, d_spikes, state, current_decay, membrane_decay, slope):
    """Derivatives with respect to what arrives at some steps, and the adjoint's state before them."""
    d_membrane, d_current = state
    d_arriving = []
    for step in reversed(range(membranes.shape[0])):
        root = slope * (membranes[step] - 1).abs() + 1
        d_membrane = membrane_decay * d_membrane + d_spikes[step] / (root * root)
        d_current = current_decay * d_current + d_membrane
        d_arriving.append(d_current)
    return torch.stack(d_arriving[::-1]), (d_membrane, d_current)


class CompiledLoops:
    """Both loops, a compiled chunk of steps at a time."""

    def __init__(self, steps):
        size = max(size for size in range(1, COMPILED_STEPS + 1) if steps % size == 0)
        self.chunks = [slice(start, start + size) for start in range(0, steps, size)]
        self.forward_chunk = torch.compile(forward_chunk, dynamic=False)
        self.backward_chunk = torch.compile(backward_chunk, dynamic=False)

    def forward(self, arriving, *decays):
        zeros = torch.zeros_like(arriving[0])
        parts, state = [], (zeros, zeros, zeros)
        for chunk in self.chunks:
            *part, state = self.forward_chunk(arriving[chunk], state, *decays)
            parts.append(part)
        return tuple(torch.cat(part) for part in zip(*parts))

    def backward(self, membranes, d_spikes, *constants):
        zeros = torch.zeros_like(membranes[0])
        parts, state = [], (zeros, zeros)
        for chunk in reversed(self.chunks):
            part, state = self.backward_chunk(membranes[chunk], d_spikes[chunk], state, *constants)
            parts.append(part)
        return torch.cat(parts[::-1])


class EagerLoops:
    """Both loops in a few operations a step and no new memory; arguments are overwritten."""

    def forward(self, arriving, current_decay, membrane_decay):
        membranes, spikes = torch.empty_like(arriving), torch.empty_like(arriving)
        for step in range(arriving.shape[0]):
            if step == 0:
                membranes[0].copy_(arriving[0])
            else:
                arriving[step].add_(arriving[step - 1], alpha=current_decay)
                torch.add(arriving[step], membranes[step - 1], alpha=membrane_decay, out=membranes[step])
                membranes[step].sub_(spikes[step - 1])
            torch.gt(membranes[step], 1, out=spikes[step])
        return membranes, spikes

    def backward(self, membranes, d_spikes, current_decay, membrane_decay, slope):
        for step in reversed(range(membranes.shape[0])):
            # A step's arrays stay in the cache through all of these.
            root = membranes[step].sub_(1).abs_().mul_(slope).add_(1)
            d_membrane = d_spikes[step].div_(root.mul_(root))
            if step + 1 < membranes.shape[0]:
                d_membrane.add_(d_spikes[step + 1], alpha=membrane_decay)
        for step in reversed(range(membranes.shape[0] - 1)):
            d_spikes[step].add_(d_spikes[step + 1], alpha=current_decay)
        return d_spikes


class Contestant:
    """Adam, too, is written out, so that nothing else is called."""

    exact = True

    def __init__(self, work, compiled):
        self.work = work
        self.version = f"torch {torch.__version__}"
        self.loops = CompiledLoops(work.steps) if compiled else EagerLoops()
        self.weights = [torch.from_numpy(w.copy()) for w in (work.hidden_weights, work.readout_weights)]
        self.first = [torch.zeros_like(w) for w in self.weights]
        self.second = [torch.zeros_like(w) for w in self.weights]
        self.updates = 0
        self.response = torch.from_numpy(work.response())
        self.labels = [torch.tensor(labels).long() for labels in work.labels]
        self.events, self.events_by_input = [], []
        for index in range(work.batches):
            rows, inputs = (torch.from_numpy(part) for part in work.places(index))
            shape = (work.steps * work.batch_size, work.inputs)
            matrix = torch.sparse_coo_tensor(torch.stack([rows, inputs]), torch.ones(len(rows)), shape)
            self.events.append(matrix.to_sparse_csr())
            self.events_by_input.append(matrix.t().coalesce().to_sparse_csr())

    def hidden(self, index):
        work = self.work
        currents = (self.events[index] @ self.weights[0]).view(work.steps, work.batch_size, work.hidden)
        return self.loops.forward(currents, work.current_decay, work.membrane_decay)

    @torch.no_grad()
    def step(self, index, learning):
        """Forward, loss, backward and Adam on a batch; the loss."""
        work, labels = self.work, self.labels[index]
        steps, entries, outputs = work.steps, work.batch_size, work.outputs
        membranes, spikes = self.hidden(index)
        flat_spikes = spikes.view(steps * entries, work.hidden)
        readout = self.response @ (flat_spikes @ self.weights[1]).view(steps, entries * outputs)
        peaks, at = readout.max(0)
        scores = work.loss_scale * peaks.view(entries, outputs).clamp(min=0)
        loss = torch.nn.functional.cross_entropy(scores, labels)
        d_scores = torch.softmax(scores, 1)
        d_scores[torch.arange(entries), labels] -= 1
        d_peaks = (d_scores * (work.loss_scale / entries)).view(-1) * (peaks > 0)
        d_readout = torch.zeros_like(readout).scatter_(0, at[None], d_peaks[None])
        d_arriving = (self.response.t() @ d_readout).view(steps * entries, outputs)
        d_readout_weights = flat_spikes.t() @ d_arriving
        d_spikes = (d_arriving @ self.weights[1].t()).view(membranes.shape)
        d_currents = self.loops.backward(
            membranes, d_spikes, work.current_decay, work.membrane_decay, work.surrogate_slope)
        d_hidden_weights = self.events_by_input[index] @ d_currents.view(steps * entries, work.hidden)
        self.adam((d_hidden_weights, d_readout_weights), work.learning_rate if learning else 0.0)
        return loss.item()

    def adam(self, gradients, rate):
        self.updates += 1
        rate /= 1 - 0.9**self.updates
        root_scale = (1 - 0.999**self.updates) ** -0.5
        for weights, first, second, gradient in zip(self.weights, self.first, self.second, gradients):
            first.lerp_(gradient, 0.1)
            second.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
            weights.addcdiv_(first, second.sqrt().mul_(root_scale).add_(self.work.epsilon), value=-rate)

    @torch.no_grad()
    def hidden_spikes(self, index):
        """Hidden spikes of a batch."""
        return self.hidden(index)[1].sum().item()


def make(name, work, threads):
    """The contestant of a name."""
    torch.set_num_threads(threads)
    return Contestant(work, compiled=name == "torch-compiled")
