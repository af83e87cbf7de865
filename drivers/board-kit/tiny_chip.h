// A chip for tests and as an example: leaky integrate-and-fire neurons in integers, the same on every machine.
//
// It is no model of any silicon. Time goes in steps of 32 ticks (0.256 us). A step adds the codes of its input events,
// and of the spikes of the step before, to the synaptic currents; then membranes and currents go on by the solution of
//     tau_mem dV/dt = -(V - leak) + gain (I_exc - I_inh),   tau_syn dI/dt = -I
// over the step, with factors rounded to 2^-16; then neurons at or above their threshold fire at the last tick of the
// step, are set to their reset and stay there for the refractory time. Sample k is read before the first step that
// begins at k periods or later. Nothing is random.
#ifndef TINY_CHIP_H
#define TINY_CHIP_H

#include "volley_chip.h"

/// Factors of a population for one step; all in 2^-16.
struct tiny_population {
    int32_t membrane_decay, excitatory_decay, inhibitory_decay, excitatory_gain, inhibitory_gain;
    /// In 1/4096 LSB.
    int32_t leak, reset, threshold;
    uint32_t refractory_steps;
};

/// A neuron: membrane in 1/4096 LSB, currents in 1/4096 of a weight code, steps for which it rests.
struct tiny_neuron {
    int32_t membrane, excitatory, inhibitory;
    uint32_t resting;
    bool has_fired;
};

/// The chip: what was written to it, and its neurons.
struct tiny_chip {
    const struct volley_configuration *configuration;
    const int8_t *codes;
    struct tiny_population populations[VOLLEY_POPULATIONS];
    struct tiny_neuron neurons[VOLLEY_NEURONS];
};

/// The five functions, with this chip as context.
struct volley_chip tiny_chip_functions(struct tiny_chip *chip);

#endif
