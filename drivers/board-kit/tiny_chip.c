#include "tiny_chip.h"

// Ticks of a step; parts of an LSB and of a weight code; parts of a factor.
#define STEP_TICKS 32
#define FRACTION 4096
#define FACTOR 65536

static const double step_us = STEP_TICKS * 8e-3;

static void describe(void *context, struct volley_description *description) {
    static const char *const effects[] = {"steps: 32 ticks", "membranes: integers of 1/4096 LSB", NULL};
    static const struct volley_range potential = {-1000, 1000, -1000, 1000, false};
    static const struct volley_range microseconds = {0.5, 1000, 0.5, 1000, false};
    static const struct volley_range from_zero = {0, 1000, 0, 1000, false};
    (void)context;
    description->profile = "tiny";
    description->firmware = "board-kit 1";
    description->calibration = "none";
    description->effects = effects;
    description->neuron_circuits = VOLLEY_NEURONS;
    description->signed_inputs_per_circuit = 128;
    description->input_channels = VOLLEY_INPUTS;
    description->weight_limit = 63;
    description->cadc_maximum = 255;
    description->minimum_sample_period = STEP_TICKS;
    description->has_parameters = true;
    description->parameters[VOLLEY_POTENTIAL] = potential;
    description->parameters[VOLLEY_THRESHOLD] = potential;
    description->parameters[VOLLEY_TAU_MEM] = microseconds;
    description->parameters[VOLLEY_TAU_SYN] = microseconds;
    description->parameters[VOLLEY_REFRACTORY] = from_zero;
    description->parameters[VOLLEY_GAIN] = from_zero;
}

// exp(-x) for x >= 0, by 12 terms of its series at x / 2^n < 1/2, squared n times.
static double decay(double x) {
    unsigned halvings = 0;
    while (x >= 0.5 && halvings < 60) {
        x /= 2;
        halvings++;
    }
    double sum = 1, term = 1;
    for (int order = 1; order <= 12; order++) {
        term *= -x / order;
        sum += term;
    }
    while (halvings-- > 0) sum *= sum;
    return sum;
}

static int32_t rounded(double value) { return (int32_t)(value < 0 ? value - 0.5 : value + 0.5); }

// What a current of 1 adds to the membrane over a step:
//     gain tau_syn / (tau_syn - tau_mem) (exp(-h / tau_syn) - exp(-h / tau_mem)),
// or gain h / tau exp(-h / tau) where both are equal.
static int32_t step_gain(double gain, double tau_mem, double tau_syn) {
    double difference = tau_syn - tau_mem, bound = tau_mem / 1000;
    double factor = difference < bound && -difference < bound
        ? step_us / tau_mem * decay(step_us / tau_mem)
        : tau_syn / difference * (decay(step_us / tau_syn) - decay(step_us / tau_mem));
    return rounded(gain * factor * FACTOR);
}

static const char *configure(void *context, const struct volley_configuration *configuration) {
    struct tiny_chip *chip = context;
    chip->configuration = configuration;
    chip->codes = NULL;
    for (uint32_t index = 0; index < configuration->population_count; index++) {
        const struct volley_targets *targets = &configuration->populations[index].targets;
        double excitatory = targets->tau_syn_excitatory, inhibitory = targets->tau_syn_inhibitory;
        struct tiny_population *population = &chip->populations[index];
        population->membrane_decay = rounded(decay(step_us / targets->tau_mem) * FACTOR);
        population->excitatory_decay = rounded(decay(step_us / excitatory) * FACTOR);
        population->inhibitory_decay = rounded(decay(step_us / inhibitory) * FACTOR);
        population->excitatory_gain = step_gain(targets->synaptic_gain, targets->tau_mem, excitatory);
        population->inhibitory_gain = step_gain(targets->synaptic_gain, targets->tau_mem, inhibitory);
        population->leak = rounded(targets->leak * FRACTION);
        population->reset = rounded(targets->reset * FRACTION);
        population->threshold = rounded(targets->threshold * FRACTION);
        population->refractory_steps = (uint32_t)rounded(targets->refractory / step_us);
    }
    return NULL;
}

static const char *load_weights(void *context, const int8_t *codes, uint32_t count) {
    struct tiny_chip *chip = context;
    (void)count;
    chip->codes = codes;
    return NULL;
}

static void health(void *context, struct volley_conditions *conditions) {
    (void)context;
    conditions->has_temperature = false;
}

// Adds to `value`, and stays within a quarter of the range, so that no later sum leaves it.
static int32_t bounded(int64_t value) {
    const int64_t most = INT32_MAX / 4;
    return (int32_t)(value > most ? most : value < -most ? -most : value);
}

static int32_t scaled(int32_t value, int32_t factor) { return bounded((int64_t)value * factor / FACTOR); }

// An event of an input (source -1) or of a neuron of a population reaches all neurons that it projects to.
static void deliver(struct tiny_chip *chip, int32_t source, uint32_t place) {
    const struct volley_configuration *configuration = chip->configuration;
    for (uint32_t index = 0; index < configuration->projection_count; index++) {
        const struct volley_projection *projection = &configuration->projections[index];
        if (projection->source != source) continue;
        const struct volley_population *targets = &configuration->populations[projection->target];
        const int8_t *codes = chip->codes + projection->first_synapse + place * targets->size;
        struct tiny_neuron *neuron = chip->neurons + targets->first_neuron;
        for (uint32_t target = 0; target < targets->size; target++, neuron++) {
            int32_t charge = codes[target] * FRACTION;
            if (charge > 0) neuron->excitatory = bounded((int64_t)neuron->excitatory + charge);
            else neuron->inhibitory = bounded((int64_t)neuron->inhibitory - charge);
        }
    }
}

// Membranes and currents over a step.
static void integrate(const struct tiny_population *population, struct tiny_neuron *neuron) {
    if (neuron->resting > 0) {
        neuron->resting--;
    } else {
        int64_t membrane = (int64_t)population->leak
                         + scaled(neuron->membrane - population->leak, population->membrane_decay)
                         + scaled(neuron->excitatory, population->excitatory_gain)
                         - scaled(neuron->inhibitory, population->inhibitory_gain);
        neuron->membrane = bounded(membrane);
    }
    neuron->excitatory = scaled(neuron->excitatory, population->excitatory_decay);
    neuron->inhibitory = scaled(neuron->inhibitory, population->inhibitory_decay);
}

static uint8_t converted(int32_t membrane) {
    int32_t code = membrane < 0 ? 0 : (membrane + FRACTION / 2) / FRACTION;
    return (uint8_t)(code > 255 ? 255 : code);
}

static void sample(const struct tiny_chip *chip, const struct volley_batch *batch, uint8_t *codes) {
    for (uint32_t column = 0; column < batch->membrane_count; column++) {
        int32_t membrane = chip->neurons[batch->first_membrane + column].membrane;
        if (batch->has_reference) {
            double clipped = batch->reference < 0 ? 0 : batch->reference > 255 ? 255 : batch->reference;
            membrane = rounded(clipped * FRACTION);
        }
        codes[column] = converted(membrane);
    }
}

static void rest(struct tiny_chip *chip) {
    const struct volley_configuration *configuration = chip->configuration;
    for (uint32_t index = 0; index < configuration->population_count; index++) {
        const struct volley_population *population = &configuration->populations[index];
        for (uint32_t place = 0; place < population->size; place++) {
            chip->neurons[population->first_neuron + place] =
                (struct tiny_neuron){chip->populations[index].leak, 0, 0, 0, false};
        }
    }
}

static void advance(struct tiny_chip *chip, struct volley_recording *recording, uint32_t tick) {
    const struct volley_configuration *configuration = chip->configuration;
    for (uint32_t index = 0; index < configuration->population_count; index++) {
        const struct volley_population *population = &configuration->populations[index];
        const struct tiny_population *factors = &chip->populations[index];
        for (uint32_t place = 0; place < population->size; place++) {
            struct tiny_neuron *neuron = &chip->neurons[population->first_neuron + place];
            bool rests = neuron->resting > 0;
            integrate(factors, neuron);
            neuron->has_fired = population->is_spiking && !rests && neuron->membrane >= factors->threshold;
            if (!neuron->has_fired) continue;
            neuron->membrane = factors->reset;
            neuron->resting = factors->refractory_steps;
            volley_record_spike(recording, tick, population->first_neuron + place);
        }
    }
}

// Spikes of the step before arrive.
static void propagate(struct tiny_chip *chip) {
    const struct volley_configuration *configuration = chip->configuration;
    for (uint32_t index = 0; index < configuration->population_count; index++) {
        const struct volley_population *population = &configuration->populations[index];
        for (uint32_t place = 0; place < population->size; place++) {
            if (chip->neurons[population->first_neuron + place].has_fired) deliver(chip, (int32_t)index, place);
        }
    }
}

// One entry a call.
static enum volley_progress run(void *context, const struct volley_batch *batch, struct volley_recording *recording) {
    struct tiny_chip *chip = context;
    const struct volley_configuration *configuration = chip->configuration;
    uint32_t window = configuration->window, sampled = 0, next;
    uint32_t events = volley_batch_events(batch, recording->entry, &next), end = next + events;
    uint32_t samples = batch->membrane_count ? configuration->sample_count : 0;
    uint8_t *codes = volley_record_samples(recording);
    rest(chip);
    for (uint32_t begin = 0; begin < window; begin += STEP_TICKS) {
        uint32_t after = window - begin < STEP_TICKS ? window : begin + STEP_TICKS;
        while (sampled < samples && sampled * configuration->sample_period <= begin) {
            sample(chip, batch, codes + batch->membrane_count * sampled++);
        }
        propagate(chip);
        for (; next < end; next++) {
            struct volley_event event = volley_batch_event(batch, next);
            if (event.tick >= after) break;
            deliver(chip, -1, event.unit);
        }
        advance(chip, recording, after - 1);
    }
    while (sampled < samples) sample(chip, batch, codes + batch->membrane_count * sampled++);
    volley_record_entry(recording, 0);
    return recording->entry == batch->entry_count ? VOLLEY_FINISHED : VOLLEY_RUNNING;
}

struct volley_chip tiny_chip_functions(struct tiny_chip *chip) {
    return (struct volley_chip){chip, describe, configure, load_weights, run, health};
}
