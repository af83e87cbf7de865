// CONFIGURE: what it says, and whether it fits the chip (SPEC CFG-001 to CFG-007).
#include "volley_private.h"

#if VOLLEY_CODES
enum { CODES_OF_A_NEURON = 18 };
#endif

static double number(const struct volley_field *field) { return volley_double_of(field->value); }

static void read_targets(struct volley_reader reader, struct volley_targets *targets) {
    struct volley_field field;
    while (volley_next(&reader, &field)) {
        if (volley_is(&field, 1, VOLLEY_FIXED64)) targets->leak = number(&field);
        if (volley_is(&field, 2, VOLLEY_FIXED64)) targets->reset = number(&field);
        if (volley_is(&field, 3, VOLLEY_FIXED64)) targets->threshold = number(&field);
        if (volley_is(&field, 4, VOLLEY_FIXED64)) targets->tau_mem = number(&field);
        if (volley_is(&field, 5, VOLLEY_FIXED64)) targets->tau_syn_excitatory = number(&field);
        if (volley_is(&field, 6, VOLLEY_FIXED64)) targets->tau_syn_inhibitory = number(&field);
        if (volley_is(&field, 7, VOLLEY_FIXED64)) targets->refractory = number(&field);
        if (volley_is(&field, 8, VOLLEY_FIXED64)) targets->synaptic_gain = number(&field);
    }
}

// Keeps the first thing that does not fit.
static bool invalid(struct volley_fault *fault, const char *words, uint32_t index) {
    if (fault->status != VOLLEY_OK) return false;
    volley_fail(fault, VOLLEY_INVALID, words);
    volley_fail_number(fault, index);
    return false;
}

#if VOLLEY_CODES
// SPEC section 7.7.
static bool keep_codes(const struct volley_device *device, struct volley_configuration *configuration,
                       struct volley_population *population, const uint8_t *codes, uint32_t length, uint32_t index,
                       struct volley_fault *fault) {
    uint8_t *kept = configuration->codes + CODES_OF_A_NEURON * population->first_neuron;
    if (length != CODES_OF_A_NEURON * population->size) {
        return volley_fail_stock(fault, VOLLEY_INVALID, "bytes of codes", length, CODES_OF_A_NEURON * population->size);
    }
    for (uint32_t place = 0; place < length; place += 2) {
        bool is_offset = place % CODES_OF_A_NEURON == CODES_OF_A_NEURON - 2;
        if (!is_offset && (uint32_t)volley_get16(codes + place) >> device->description.code_bits) {
            return invalid(fault, "a code above the highest in population ", index);
        }
    }
    memcpy(kept, codes, length);
    population->codes = kept;
    return true;
}
#endif

static bool read_population(const struct volley_device *device, struct volley_reader reader,
                            struct volley_configuration *configuration, struct volley_fault *fault) {
    uint32_t index = configuration->population_count, kind = 0, codes_length = 0;
    struct volley_field field;
    const uint8_t *codes = NULL;
    struct volley_population read = {.size = 0}, *population = &read;
    while (volley_next(&reader, &field)) {
        if (volley_is(&field, 1, VOLLEY_VARINT)) kind = (uint32_t)field.value;
        if (volley_is(&field, 2, VOLLEY_VARINT)) population->size = (uint32_t)field.value;
        if (volley_is(&field, 3, VOLLEY_LENGTH)) read_targets(volley_inner(&reader, &field), &population->targets);
        if (volley_is(&field, 4, VOLLEY_LENGTH)) {
            codes = field.bytes;
            codes_length = (uint32_t)field.value;
        }
    }
    if (reader.fault->status != VOLLEY_OK || fault->status != VOLLEY_OK) return false;
    if (index == VOLLEY_POPULATIONS) {
        return volley_fail_stock(fault, VOLLEY_INVALID, "populations", index + 1, VOLLEY_POPULATIONS);
    }
    if (kind != 1 && kind != 2) {
        volley_fail(fault, VOLLEY_MALFORMED, "an unknown kind of population ");
        volley_fail_number(fault, index);
        return false;
    }
    if (population->size == 0) return invalid(fault, "no neurons in population ", index);
    if (population->size > VOLLEY_NEURONS - configuration->neuron_count) {
        return volley_fail_stock(fault, VOLLEY_INVALID, "neurons",
                                 (uint64_t)configuration->neuron_count + population->size, VOLLEY_NEURONS);
    }
    population->is_spiking = kind == 1;
    if (!population->is_spiking) {
        // Nobody checks what has no effect, so no chip gets to see it.
        population->targets.reset = population->targets.threshold = population->targets.refractory = 0;
    }
    population->first_neuron = configuration->neuron_count;
    if (codes_length > 0 && device->description.code_bits == 0) {
        return invalid(fault, "this chip has no codes; they are stated for population ", index);
    }
#if VOLLEY_CODES
    if (codes_length > 0 && !keep_codes(device, configuration, population, codes, codes_length, index, fault)) {
        return false;
    }
#else
    (void)codes;
#endif
    configuration->neuron_count += population->size;
    configuration->populations[configuration->population_count++] = *population;
    return true;
}
static void read_projection(struct volley_reader reader, struct volley_configuration *configuration,
                            struct volley_fault *fault) {
    uint32_t index = configuration->projection_count;
    struct volley_field field;
    struct volley_projection read = {-1, 0, 0}, *projection = &read;
    while (volley_next(&reader, &field)) {
        if (volley_is(&field, 1, VOLLEY_VARINT)) {
            // A number that no population has stays one that no population has.
            uint32_t source = (uint32_t)field.value;
            projection->source = source > INT32_MAX ? INT32_MAX : (int32_t)source;
        }
        if (volley_is(&field, 2, VOLLEY_VARINT)) projection->target = (uint32_t)field.value;
    }
    if (reader.fault->status != VOLLEY_OK || fault->status != VOLLEY_OK) return;
    if (index == VOLLEY_POPULATIONS) {
        volley_fail_stock(fault, VOLLEY_INVALID, "projections", index + 1, VOLLEY_POPULATIONS);
    } else {
        configuration->projections[configuration->projection_count++] = *projection;
    }
}

static void check_range(const struct volley_device *device, double value, enum volley_parameter parameter,
                        const char *name, uint32_t population, struct volley_fault *fault) {
    const struct volley_range *range = &device->description.parameters[parameter];
    bool is_inside = !device->description.has_parameters
                  || (value >= range->allowed_lower && value <= range->allowed_upper);
    if (fault->status != VOLLEY_OK || (volley_is_finite(value) && is_inside)) return;
    volley_fail(fault, VOLLEY_INVALID, name);
    volley_fail_words(fault, " is out of the chip's range in population ");
    volley_fail_number(fault, population);
}

static void check_targets(const struct volley_device *device, const struct volley_configuration *configuration,
                          struct volley_fault *fault) {
    for (uint32_t index = 0; index < configuration->population_count; index++) {
        const struct volley_population *population = &configuration->populations[index];
        const struct volley_targets *targets = &population->targets;
        check_range(device, targets->leak, VOLLEY_POTENTIAL, "leak", index, fault);
        check_range(device, targets->tau_mem, VOLLEY_TAU_MEM, "tau_mem", index, fault);
        check_range(device, targets->tau_syn_excitatory, VOLLEY_TAU_SYN, "tau_syn_excitatory", index, fault);
        check_range(device, targets->tau_syn_inhibitory, VOLLEY_TAU_SYN, "tau_syn_inhibitory", index, fault);
        check_range(device, targets->synaptic_gain, VOLLEY_GAIN, "synaptic_gain", index, fault);
        // The others are zero in populations that only integrate.
        if (!population->is_spiking) continue;
        check_range(device, targets->reset, VOLLEY_POTENTIAL, "reset", index, fault);
        check_range(device, targets->threshold, VOLLEY_THRESHOLD, "threshold", index, fault);
        check_range(device, targets->refractory, VOLLEY_REFRACTORY, "refractory", index, fault);
    }
}

// Places of the synapses, and the circuits that CFG-004 deals out.
static bool check_resources(const struct volley_device *device, struct volley_configuration *configuration,
                            struct volley_fault *fault) {
    const struct volley_description *chip = &device->description;
    uint64_t fan_in[VOLLEY_POPULATIONS] = {0}, synapses = 0, circuits = 0;
    for (uint32_t index = 0; index < configuration->projection_count; index++) {
        struct volley_projection *projection = &configuration->projections[index];
        int32_t populations = (int32_t)configuration->population_count;
        if (projection->source >= populations || projection->target >= (uint32_t)populations) {
            return invalid(fault, "no such population in projection ", index);
        }
        uint32_t sources = projection->source < 0 ? configuration->input_count
                                                  : configuration->populations[projection->source].size;
        projection->first_synapse = (uint32_t)synapses;
        synapses += (uint64_t)sources * configuration->populations[projection->target].size;
        fan_in[projection->target] += sources;
    }
    if (synapses > VOLLEY_SYNAPSES) {
        return volley_fail_stock(fault, VOLLEY_INVALID, "synapses", synapses, VOLLEY_SYNAPSES);
    }
    configuration->synapse_count = (uint32_t)synapses;
    for (uint32_t index = 0; index < configuration->population_count; index++) {
        uint64_t inputs = chip->signed_inputs_per_circuit, merged = (fan_in[index] + inputs - 1) / inputs;
        circuits += configuration->populations[index].size * (merged ? merged : 1);
    }
    if (circuits > chip->neuron_circuits) {
        return volley_fail_stock(fault, VOLLEY_INVALID, "neuron circuits", circuits, chip->neuron_circuits);
    }
    return true;
}

static void check_times(const struct volley_device *device, const struct volley_configuration *configuration,
                        struct volley_fault *fault) {
    uint32_t period = configuration->sample_period, least = device->description.minimum_sample_period;
    if (configuration->window < 1 || configuration->window > 65535) {
        volley_fail_stock(fault, VOLLEY_INVALID, "ticks of the window", configuration->window, 65535);
    } else if (configuration->sample_count > 0 && period < least) {
        volley_fail(fault, VOLLEY_INVALID, "the sample period is below the chip's shortest one, which has ticks: ");
        volley_fail_number(fault, least);
    } else if (configuration->sample_count > 0 && configuration->sample_count > configuration->window / period + 1) {
        volley_fail_stock(fault, VOLLEY_INVALID, "samples in the window", configuration->sample_count,
                          configuration->window / period + 1);
    }
}

bool volley_read_configuration(const struct volley_device *device, const struct volley_message *message,
                               struct volley_configuration *configuration, struct volley_fault *fault) {
    // All of it is read before anything is said of what it asks for: what cannot be parsed is MALFORMED (REQ-006).
    struct volley_fault form = {.status = VOLLEY_OK};
    struct volley_reader reader = volley_read(message->payload, message->length, &form);
    struct volley_field field;
    memset(configuration, 0, sizeof *configuration);
    while (volley_next(&reader, &field)) {
        if (volley_is(&field, 1, VOLLEY_VARINT)) configuration->input_count = (uint32_t)field.value;
        if (volley_is(&field, 2, VOLLEY_LENGTH)) {
            read_population(device, volley_inner(&reader, &field), configuration, fault);
        }
        if (volley_is(&field, 3, VOLLEY_LENGTH)) read_projection(volley_inner(&reader, &field), configuration, fault);
        if (volley_is(&field, 4, VOLLEY_VARINT)) configuration->window = (uint32_t)field.value;
        if (volley_is(&field, 5, VOLLEY_VARINT)) configuration->sample_count = (uint32_t)field.value;
        if (volley_is(&field, 6, VOLLEY_VARINT)) configuration->sample_period = (uint32_t)field.value;
        if (volley_is(&field, 7, VOLLEY_VARINT)) configuration->entry_spacing = (uint32_t)field.value;
        if (volley_is(&field, 8, VOLLEY_FIXED64)) configuration->noise_seed = field.value;
    }
    if (form.status != VOLLEY_OK) *fault = form;
    if (fault->status != VOLLEY_OK) return false;
    if (configuration->input_count > device->description.input_channels) {
        return volley_fail_stock(fault, VOLLEY_INVALID, "input channels", configuration->input_count,
                                 device->description.input_channels);
    }
    if (configuration->population_count == 0) return volley_fail(fault, VOLLEY_INVALID, "no population");
    check_times(device, configuration, fault);
    if (fault->status == VOLLEY_OK && check_resources(device, configuration, fault)) {
        check_targets(device, configuration, fault);
    }
    return fault->status == VOLLEY_OK;
}
