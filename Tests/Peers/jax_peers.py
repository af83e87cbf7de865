"""spyx, and JAX as an expert would write it: with an adjoint of its own.

`jax` multiplies the dense input by the weights, `jax-events` adds a row of weights for each event.
"""

import functools
import importlib.metadata

import jax
import jax.numpy as jnp
import numpy as np

UNROLLED_STEPS = 4


def loss_of(membranes, labels, scale):
    """Cross-entropy of the maxima over time; membranes [step, entry, class]. The state before any input is zero."""
    scores = scale * jnp.maximum(membranes.max(0), 0)
    return -jnp.take_along_axis(jax.nn.log_softmax(scores), labels[:, None], 1).mean()


class Contestant:
    """What both have in common: a compiled step, and batches on the device."""

    def __init__(self, work):
        self.work = work
        self.labels = [jnp.asarray(labels) for labels in work.labels]
        self.inputs = [self.prepared(index) for index in range(work.batches)]

    def prepared(self, index):
        return jnp.asarray(self.work.raster(index))

    def step(self, index, learning):
        """Forward, loss, backward and Adam on a batch; the loss."""
        rate = self.work.learning_rate if learning else 0.0
        self.state, loss = self.compiled_step(self.state, self.inputs[index], self.labels[index], rate)
        return float(loss)

    def hidden_spikes(self, index):
        """Hidden spikes of a batch."""
        return float(self.compiled_spikes(self.state, self.inputs[index]))


class Spyx(Contestant):
    """`CuBaLIF` neurons, whose spikes come a step late and reset before the decay; optax's Adam."""

    exact = False

    def __init__(self, work):
        import optax
        import spyx
        from flax import nnx

        super().__init__(work)
        self.version = f"spyx {importlib.metadata.version('spyx')}, jax {jax.__version__}"
        rngs = nnx.Rngs(0)
        # An LI neuron is one filter; two of them are a readout with synaptic current and membrane.
        constants = dict(beta=work.membrane_decay, rngs=rngs)
        hidden = spyx.nn.CuBaLIF(
            (work.hidden,), alpha=work.current_decay, activation=spyx.axn.superspike(k=work.surrogate_slope),
            **constants)
        readout = spyx.nn.Sequential(
            spyx.nn.LI((work.outputs,), beta=work.current_decay, rngs=rngs), spyx.nn.LI((work.outputs,), **constants))

        def spikes(weights, raster):
            return spyx.nn.run(hidden, raster @ weights[0])[0]

        def loss(weights, raster, labels):
            membranes, _ = spyx.nn.run(readout, spikes(weights, raster) @ weights[1])
            return loss_of(membranes, labels, work.loss_scale)

        adam = optax.inject_hyperparams(optax.adam)(learning_rate=work.learning_rate, eps=work.epsilon)
        weights = (jnp.asarray(work.hidden_weights), jnp.asarray(work.readout_weights))
        self.state = weights, adam.init(weights)

        @functools.partial(jax.jit, donate_argnums=0)
        def step(state, raster, labels, rate):
            weights, moments = state
            value, gradients = jax.value_and_grad(loss)(weights, raster, labels)
            moments.hyperparams["learning_rate"] = rate
            updates, moments = adam.update(gradients, moments)
            return (optax.apply_updates(weights, updates), moments), value

        self.compiled_step = step
        self.compiled_spikes = jax.jit(lambda state, raster: spikes(state[0], raster).sum())


class OwnAdjoint(Contestant):
    """The adjoint and Adam written out; the readout is a product with its response to an impulse."""

    exact = True

    def __init__(self, work, by_events):
        self.by_events = by_events
        # All batches with the same number of events, so that one compilation serves them; the row that is too many
        # takes what only fills up.
        self.event_count = max(len(work.places(index)[0]) for index in range(work.batches))
        super().__init__(work)
        self.version = f"jax {jax.__version__}"
        weights = (jnp.asarray(work.hidden_weights), jnp.asarray(work.readout_weights))
        zeros = jax.tree.map(jnp.zeros_like, weights)
        self.state = weights, zeros, jax.tree.map(jnp.zeros_like, weights), jnp.zeros(())
        self.compiled_step = jax.jit(functools.partial(step, work, by_events), donate_argnums=0)
        self.compiled_spikes = jax.jit(
            lambda state, inputs: hidden(work, by_events, state[0][0], inputs)[1].sum())

    def prepared(self, index):
        if not self.by_events:
            return super().prepared(index)
        rows, inputs = self.work.places(index)
        missing = self.event_count - len(rows)
        return (jnp.asarray(np.pad(rows, (0, missing), constant_values=self.work.steps * self.work.batch_size)),
                jnp.asarray(np.pad(inputs, (0, missing))))


def hidden(work, by_events, weights, inputs):
    """Membranes and spikes of the hidden layer, shape [step, entry, neuron]."""
    shape = (work.steps, work.batch_size, work.hidden)
    if by_events:
        rows, units = inputs
        flat = jnp.zeros((work.steps * work.batch_size + 1, work.hidden))
        currents = flat.at[rows].add(weights[units], indices_are_sorted=True)[:-1].reshape(shape)
    else:
        currents = inputs @ weights

    def loop(state, arriving):
        current, membrane, spike = state
        current = work.current_decay * current + arriving
        membrane = work.membrane_decay * membrane + current - spike
        spike = (membrane > 1).astype(membrane.dtype)
        return (current, membrane, spike), (membrane, spike)

    zeros = jnp.zeros(shape[1:])
    return jax.lax.scan(loop, (zeros, zeros, zeros), currents, unroll=UNROLLED_STEPS)[1]


def step(work, by_events, state, inputs, labels, rate):
    """Forward, loss, backward and Adam on a batch; the new state and the loss."""
    weights, first, second, updates = state
    membranes, spikes = hidden(work, by_events, weights[0], inputs)
    shape = (work.steps, work.batch_size, work.outputs)
    response = jnp.asarray(work.response())
    flat_spikes = spikes.reshape(-1, work.hidden)
    readout = (response @ (flat_spikes @ weights[1]).reshape(work.steps, -1)).reshape(shape)
    loss, d_readout = jax.value_and_grad(loss_of)(readout, labels, work.loss_scale)
    d_arriving = (response.T @ d_readout.reshape(work.steps, -1)).reshape(-1, work.outputs)
    d_spikes = (d_arriving @ weights[1].T).reshape(membranes.shape)

    def loop(adjoint, values):
        d_membrane, d_current = adjoint
        membrane, d_spike = values
        root = work.surrogate_slope * jnp.abs(membrane - 1) + 1
        d_membrane = work.membrane_decay * d_membrane + d_spike / (root * root)
        d_current = work.current_decay * d_current + d_membrane
        return (d_membrane, d_current), d_current

    zeros = jnp.zeros(membranes.shape[1:])
    _, d_currents = jax.lax.scan(
        loop, (zeros, zeros), (membranes, d_spikes), reverse=True, unroll=UNROLLED_STEPS)
    flat = d_currents.reshape(-1, work.hidden)
    if by_events:
        rows, units = inputs
        d_hidden_weights = jnp.zeros_like(weights[0]).at[units].add(flat.at[rows].get(mode="fill", fill_value=0))
    else:
        d_hidden_weights = inputs.reshape(-1, work.inputs).T @ flat
    gradients = (d_hidden_weights, flat_spikes.T @ d_arriving)
    updates = updates + 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
    root_scale = jax.lax.rsqrt(1 - 0.999**updates)
    weights = jax.tree.map(
        lambda w, m, v: w - rate / (1 - 0.9**updates) * m / (jnp.sqrt(v) * root_scale + work.epsilon),
        weights, first, second)
    return (weights, first, second, updates), loss


def make(name, work, threads):
    """The contestant of a name; the number of threads is in XLA_FLAGS."""
    return Spyx(work) if name == "spyx" else OwnAdjoint(work, by_events=name == "jax-events")
