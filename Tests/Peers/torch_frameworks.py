"""snnTorch, Norse and SpikingJelly, each with its own neurons, automatic differentiation and `torch.optim.Adam`.

All take the product of inputs and weights for all steps at once, before their loops, which is faster than their usual
product in each step. `NAME-compiled` compiles the whole forward pass, and with it the backward pass.
"""

import importlib.metadata

import torch


class Model(torch.nn.Module):
    """Two linear layers without bias, with the work's initial weights."""

    def __init__(self, work):
        super().__init__()
        self.work = work
        self.hidden = torch.nn.Linear(work.inputs, work.hidden, bias=False)
        self.readout = torch.nn.Linear(work.hidden, work.outputs, bias=False)
        with torch.no_grad():
            self.hidden.weight.copy_(torch.from_numpy(work.hidden_weights.T.copy()))
            self.readout.weight.copy_(torch.from_numpy(work.readout_weights.T.copy()))

    def layer_input(self, raster):
        return self.hidden(raster)


class SnnTorch(Model):
    """`Synaptic` neurons, which compute what Volley's do."""

    exact = True

    def __init__(self, work):
        import snntorch
        from snntorch import surrogate

        super().__init__(work)
        constants = dict(alpha=work.current_decay, beta=work.membrane_decay)
        self.spiking = snntorch.Synaptic(
            **constants, spike_grad=surrogate.fast_sigmoid(slope=work.surrogate_slope), reset_mechanism="subtract")
        self.integrating = snntorch.Synaptic(**constants, reset_mechanism="none")

    def forward(self, raster):
        currents = self.layer_input(raster)
        zeros = torch.zeros_like(currents[0])
        spikes, state = [], (zeros, zeros)
        for current in currents:
            spike, *state = self.spiking(current, *state)
            spikes.append(spike)
        spikes = torch.stack(spikes)
        membranes, zeros = [], torch.zeros(raster.shape[1], self.work.outputs)
        state = (zeros, zeros)
        for current in self.readout(spikes):
            _, *state = self.integrating(current, *state)
            membranes.append(state[1])
        return torch.stack(membranes), spikes


class Norse(Model):
    """`lif_feed_forward_step` and `li_feed_forward_step`: Euler steps, reset to zero, so other numbers."""

    exact = False

    def __init__(self, work):
        from norse.torch.functional import leaky_integrator, lif

        super().__init__(work)
        self.lif, self.li = lif, leaky_integrator
        # Euler: a step multiplies the current by 1 - dt/tau and adds dt/tau of it to the membrane.
        rates = [torch.as_tensor(1 - decay) for decay in (work.current_decay, work.membrane_decay)]
        self.constants = lif.LIFParameters(
            tau_syn_inv=rates[0], tau_mem_inv=rates[1], method="super", alpha=torch.as_tensor(work.surrogate_slope))
        self.readout_constants = leaky_integrator.LIParameters(tau_syn_inv=rates[0], tau_mem_inv=rates[1])
        with torch.no_grad():
            for layer in (self.hidden, self.readout):
                layer.weight /= 1 - work.membrane_decay

    def forward(self, raster):
        currents = self.layer_input(raster)
        zeros = torch.zeros_like(currents[0])
        spikes, state = [], self.lif.LIFFeedForwardState(v=zeros, i=zeros)
        for current in currents:
            spike, state = self.lif.lif_feed_forward_step(current, state, self.constants, dt=1.0)
            spikes.append(spike)
        spikes = torch.stack(spikes)
        membranes, zeros = [], torch.zeros(raster.shape[1], self.work.outputs)
        state = self.li.LIState(v=zeros, i=zeros)
        for current in self.readout(spikes):
            membrane, state = self.li.li_feed_forward_step(current, state, self.readout_constants, dt=1.0)
            membranes.append(membrane)
        return torch.stack(membranes), spikes


class SpikingJelly(Model):
    """`CUBALIFNode` in multi-step mode, with a threshold out of reach for the readout; resets within the step."""

    exact = False

    def __init__(self, work):
        from spikingjelly.activation_based import functional, neuron, surrogate

        super().__init__(work)
        self.reset_states = functional.reset_net
        constants = dict(c_decay=work.current_decay, v_decay=work.membrane_decay, v_reset=None, v_threshold=1.0)
        self.spiking = neuron.CUBALIFNode(
            **constants, surrogate_function=surrogate.SoftSign(alpha=work.surrogate_slope))
        self.integrating = neuron.CUBALIFNode(**dict(constants, v_threshold=1e9))
        for layer in (self.spiking, self.integrating):
            layer.step_mode, layer.detach_reset = "m", True
        self.integrating.store_v_seq = True

    def forward(self, raster):
        self.reset_states(self)
        spikes = self.spiking(self.layer_input(raster))
        self.integrating(self.readout(spikes))
        return self.integrating.v_seq, spikes


class Contestant:
    """A model with the training step that all of them share."""

    def __init__(self, model, work, package, compiled):
        self.work, self.model, self.exact = work, model, model.exact
        self.version = f"{package} {importlib.metadata.version(package)}, torch {torch.__version__}"
        self.forward = torch.compile(model) if compiled else model
        self.optimizer = torch.optim.Adam(model.parameters(), lr=work.learning_rate, eps=work.epsilon)
        self.rasters = [torch.from_numpy(work.raster(index)) for index in range(work.batches)]
        self.labels = [torch.tensor(work.labels[index]).long() for index in range(work.batches)]

    def step(self, index, learning):
        """Forward, loss, backward and Adam on a batch; the loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.work.learning_rate if learning else 0.0
        membranes, _ = self.forward(self.rasters[index])
        scores = membranes.max(0).values.clamp(min=0)  # the state before any input is zero
        loss = torch.nn.functional.cross_entropy(self.work.loss_scale * scores, self.labels[index])
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def hidden_spikes(self, index):
        """Hidden spikes of a batch."""
        with torch.no_grad():
            return self.model(self.rasters[index])[1].sum().item()


def make(name, work, threads):
    """The contestant of a name."""
    torch.set_num_threads(threads)
    package, _, mode = name.partition("-")
    kinds = {"snntorch": SnnTorch, "norse": Norse, "spikingjelly": SpikingJelly}
    return Contestant(kinds[package](work), work, package, compiled=mode == "compiled")
