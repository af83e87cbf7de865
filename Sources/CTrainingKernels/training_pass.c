#include "training_kernels.h"

#include <string.h>
#include <time.h>

// Spikes of the entries under way, and room to put them into bins.
typedef struct {
    uint32_t *offsets;
    uint16_t *units;
    uint32_t *last_bins;
    tk_events events;
} spike_state;

// What a layer leaves of the entries under way.
typedef struct {
    const float *membranes;
    float *own_membranes;  // room for them, where they are neither measured nor kept
    spike_state spikes;
    uint16_t *bits;        // the same spikes, [row, stride / 16]
    float *totals;
    float *currents;
} layer_state;

// How many entries a pass takes at a time at most, and what that is a multiple of.
typedef struct {
    size_t most, multiple;
} entry_group;

typedef struct {
    spike_state input;
    layer_state *layers;
    float *external;
    uint8_t *rows;
    float *step;      // of the recurrent kernels, and of the loss
    entry_group group;
    size_t bytes;
} scratch_layout;

static size_t largest_stride(const tk_pass *p) {
    size_t stride = 0;
    for (size_t l = 0; l < p->layer_count; l++)
        if (p->layers[l].stride > stride) stride = p->layers[l].stride;
    return stride;
}

// Where the second-level cache has room for weights and sums of gradients, entries leave membranes that it holds beside
// them. Where it has not, there are so many that rows of weights, which a block of columns fetches for all of them, cost less
// than membranes, which come and go in order. Recurrent weights want as many as the backward pass takes together.
static entry_group group_entries(const tk_pass *p) {
    enum { MOST = 25, ROOM = 400 * 1024, LARGE_ROOM = 4096 * 1024, MOST_WEIGHTS = 768 * 1024 };
    size_t membranes = 0, weights = 0;  // sums of their gradients included
    int recurrent = 0;
    for (size_t l = 0; l < p->layer_count; l++) {
        const tk_layer *layer = &p->layers[l];
        membranes += p->steps * layer->stride * sizeof(float);
        weights += 2 * layer->sources * layer->stride * sizeof(float);
        if (layer->recurrent_outgoing) recurrent = 1;
    }
    const size_t multiple = recurrent ? TK_TOGETHER : 1;
    const size_t room = !recurrent && weights > MOST_WEIGHTS ? LARGE_ROOM : ROOM;
    const size_t fit = room / membranes < MOST ? room / membranes : MOST;
    return (entry_group){fit < multiple ? multiple : fit / multiple * multiple, multiple};
}

// Entries at a time where there are `count`: groups are of equal size.
static size_t even_share(entry_group group, size_t count) {
    const size_t groups = (count + group.most - 1) / group.most;
    const size_t share = groups ? (count + groups - 1) / groups : 1;
    return (share + group.multiple - 1) / group.multiple * group.multiple;
}

// Words of the bits of a row.
static size_t words_of(size_t channels) { return (channels + 15) / 16; }

static void *take(char *memory, size_t *used, size_t bytes) {
    char *start = memory ? memory + *used : 0;
    *used += (bytes + TK_LINE - 1) / TK_LINE * TK_LINE;
    return start;
}

static spike_state take_spikes(char *memory, size_t *used, size_t rows, size_t channels) {
    spike_state s = {0};
    s.offsets = take(memory, used, (rows + 1) * sizeof *s.offsets);
    s.units = take(memory, used, (rows * channels + 1) * sizeof *s.units);
    s.last_bins = take(memory, used, channels * sizeof *s.last_bins);
    return s;
}

// Cuts memory up; with null memory, only says how much is needed.
static scratch_layout cut(const tk_pass *p, char *memory) {
    scratch_layout s = {0};
    s.group = group_entries(p);
    const size_t n = s.group.most, rows = n * p->steps, stride = largest_stride(p);
    s.layers = take(memory, &s.bytes, p->layer_count * sizeof *s.layers);
    for (size_t l = 0; l < p->layer_count; l++) {
        const tk_layer *layer = &p->layers[l];
        layer_state state = {0};
        if (!layer->membranes && !layer->membranes_out)
            state.own_membranes = take(memory, &s.bytes, rows * layer->stride * sizeof(float));
        if (layer->spiking) {
            state.spikes = take_spikes(memory, &s.bytes, rows, layer->neurons);
            state.bits = take(memory, &s.bytes, rows * words_of(layer->neurons) * sizeof *state.bits);
            state.totals = take(memory, &s.bytes, n * layer->stride * sizeof(float));
            state.currents = take(memory, &s.bytes, rows * layer->stride * sizeof(float));
        }
        if (memory) s.layers[l] = state;
    }
    if (p->trains.ends) s.input = take_spikes(memory, &s.bytes, rows, p->layers[0].sources);
    s.external = take(memory, &s.bytes, rows * p->layers[p->layer_count - 1].stride * sizeof(float));
    s.rows = take(memory, &s.bytes, rows);
    s.step = take(memory, &s.bytes, 6 * TK_TOGETHER * stride * sizeof(float));
    return s;
}

size_t tk_scratch_size(const tk_pass *pass) { return cut(pass, 0).bytes; }

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void end_stage(tk_sums *sums, int stage, double *last) {
    const double time = now();
    sums->seconds[stage] += time - *last;
    *last = time;
}

// Takes spikes from their bits.
static void gather(const tk_kernels *k, size_t rows, size_t channels, const uint16_t *bits, spike_state *spikes) {
    k->gather(rows, words_of(channels), channels, bits, spikes->offsets, spikes->units);
    spikes->events = (tk_events){spikes->offsets, spikes->units, 0};
}

// The spikes of entries from `first` on, put into bins if they are not yet; no offsets where none are given.
static void take_up(const tk_events *events, const tk_trains *trains, size_t first, size_t count, size_t steps,
                    spike_state *spikes) {
    if (trains->ends) {
        tk_bin(trains, first, count, steps, spikes->last_bins, spikes->offsets, spikes->units);
        spikes->events = (tk_events){spikes->offsets, spikes->units, 0};
    } else {
        spikes->events = *events;
        if (events->offsets) spikes->events.offsets += first * steps;
    }
}

// What was measured of a layer, put into place.
static void align(const tk_kernels *k, const tk_pass *p, size_t l, size_t first, size_t count, layer_state *state) {
    const tk_layer *layer = &p->layers[l];
    const size_t steps = p->steps, stride = layer->stride;
    take_up(&layer->spikes, &layer->trains, first, count, steps, &state->spikes);
    state->membranes = layer->membranes ? layer->membranes + first * steps * stride : 0;
    if (!layer->codes.codes) return;
    tk_codes codes = layer->codes;
    codes.codes += first * steps * codes.width;
    float *membranes = state->own_membranes;
    k->codes(&codes, count, steps, layer->neurons, stride, membranes);
    state->membranes = membranes;
    const tk_events spikes = state->spikes.events;
    if (!spikes.offsets) return;
    for (size_t row = 0; row < count * steps; row++)
        for (uint32_t i = spikes.offsets[row]; i < spikes.offsets[row + 1]; i++) {
            float *membrane = membranes + row * stride + spikes.units[i];
            if (*membrane < codes.raise) *membrane = codes.raise;
        }
}

// What was not measured of a layer, modelled.
static void model(const tk_kernels *k, const tk_pass *p, size_t l, size_t first, size_t count, tk_events input,
                  layer_state *state, float *step) {
    const tk_layer *layer = &p->layers[l];
    const size_t steps = p->steps, stride = layer->stride, words = stride / 16, rows = count * steps;
    uint16_t *bits = layer->bits_out ? layer->bits_out + first * steps * words : state->bits;
    const int measured = layer->spiking && state->spikes.events.offsets;
    if (!state->membranes) {
        float *membranes = layer->membranes_out ? layer->membranes_out + first * steps * stride : state->own_membranes;
        if (measured) tk_scatter(rows, words, &state->spikes.events, bits);
        const tk_forward arguments = {
            .dynamics = layer->dynamics, .entries = count, .steps = steps, .sources = layer->sources,
            .stride = stride, .input = input, .weights = layer->weights, .recurrent = layer->recurrent,
            .membranes = membranes, .bits = layer->spiking ? bits : 0, .bits_given = measured};
        if (layer->recurrent) k->forward_recurrent(&arguments, step);
        else k->forward(&arguments);
        state->membranes = membranes;
    } else if (layer->spiking && !measured) {
        k->compare(rows, stride, state->membranes, layer->dynamics.threshold, bits);
    }
    if (!layer->spiking || measured) return;
    gather(k, rows, layer->neurons, bits, &state->spikes);
}

// Counts spikes by neuron, times the factor of the burst penalty; adds up the squares of the numbers.
static void count_spikes(const tk_pass *p, size_t l, size_t count, layer_state *state, tk_sums *sums, uint64_t *squares) {
    const tk_layer *layer = &p->layers[l];
    const tk_events spikes = state->spikes.events;
    sums->spikes += spikes.offsets[count * p->steps] - spikes.offsets[0];
    if (layer->totals || layer->burst == 0) return;
    memset(state->totals, 0, count * layer->stride * sizeof(float));
    for (size_t entry = 0; entry < count; entry++) {
        float *totals = state->totals + entry * layer->stride;
        const uint32_t start = spikes.offsets[entry * p->steps], end = spikes.offsets[(entry + 1) * p->steps];
        // n^2 = sum of 2 k - 1 for k = 1...n.
        for (uint32_t i = start; i < end; i++) squares[l] += 2 * (uint64_t)(totals[spikes.units[i]] += 1) - 1;
        for (size_t n = 0; n < layer->stride; n++) totals[n] *= layer->burst;
    }
}

static void adjoin(const tk_kernels *k, const tk_pass *p, size_t l, size_t slice, size_t first, size_t count,
                   int wants_currents, tk_events input, const scratch_layout *s, const float *external) {
    const tk_layer *layer = &p->layers[l], *next = l + 1 < p->layer_count ? layer + 1 : 0;
    layer_state *state = &s->layers[l];
    const size_t steps = p->steps, from = first * steps * layer->stride;
    float *gradient = layer->gradient ? layer->gradient + slice * layer->distance : 0;
    tk_backward b = {
        .dynamics = layer->dynamics, .beta = layer->beta, .spiking = layer->spiking, .entries = count, .steps = steps,
        .sources = layer->sources, .neurons = layer->neurons, .stride = layer->stride, .input = input,
        .membranes = state->membranes, .slopes = layer->slopes ? layer->slopes + from : 0, .gradient = gradient,
        .spikes = state->spikes.events, .recurrent = layer->recurrent_outgoing,
        .recurrent_gradient =
            gradient && layer->recurrent_outgoing ? gradient + layer->sources * layer->stride : 0};
    if (wants_currents) b.currents = state->currents;
    if (!layer->spiking) {
        b.external = external;
        b.external_rows = s->rows;
    } else {
        b.totals = layer->totals ? layer->totals + first * layer->stride : layer->burst != 0 ? state->totals : 0;
        b.next_neurons = next->neurons;
        b.next_stride = next->stride;
        b.next_weights = next->outgoing;
        if (next->spiking) {
            b.next_currents = s->layers[l + 1].currents;
        } else {
            b.next_dynamics = next->dynamics;
            b.next_external = external;
            b.next_rows = s->rows;
        }
        if (layer->dynamics.reset_kind == TK_RESET_ZERO) {
            tk_scatter(count * steps, layer->stride / 16, &state->spikes.events, state->bits);
            b.bits = state->bits;
        }
    }
    if (layer->recurrent_outgoing) k->backward_recurrent(&b, s->step);
    else k->backward(&b);
}

// What a layer listens to.
static tk_events events_below(const scratch_layout *s, size_t l) {
    return l == 0 ? s->input.events : s->layers[l - 1].spikes.events;
}

void tk_slice(const tk_kernels *k, const tk_pass *p, size_t slice, size_t first, size_t last, void *scratch,
              tk_sums *sums, uint64_t *squares) {
    scratch_layout s = cut(p, scratch);
    const size_t steps = p->steps, readout = p->layer_count - 1;
    size_t lowest = p->layer_count;
    for (size_t l = p->layer_count; l-- > 0;)
        if (p->layers[l].gradient) {
            lowest = l;
            memset(p->layers[l].gradient + slice * p->layers[l].distance, 0, p->layers[l].distance * sizeof(float));
        }
    double time = now();
    const size_t share = even_share(s.group, last - first);
    for (size_t entry = first; entry < last; entry += share) {
        const size_t count = last - entry < share ? last - entry : share;
        take_up(&p->input, &p->trains, entry, count, steps, &s.input);
        for (size_t l = 0; l < p->layer_count; l++) align(k, p, l, entry, count, &s.layers[l]);
        end_stage(sums, TK_STAGE_ALIGN, &time);
        for (size_t l = 0; l < p->layer_count; l++) {
            model(k, p, l, entry, count, events_below(&s, l), &s.layers[l], s.step);
            if (p->layers[l].spiking) count_spikes(p, l, count, &s.layers[l], sums, squares);
        }
        end_stage(sums, TK_STAGE_FORWARD, &time);
        const tk_layer *out = &p->layers[readout];
        const float *external = p->external ? p->external + entry * steps * out->stride : 0;
        if (p->loss.kind != TK_LOSS_NONE) {
            k->loss(&p->loss, count, steps, out->neurons, out->stride, s.layers[readout].membranes, p->labels + entry,
                    s.external, s.rows, 0, (double *)s.step, &sums->score);
            external = s.external;
        } else if (external) {
            k->rows(count, steps, out->stride, external, s.rows);
        }
        end_stage(sums, TK_STAGE_LOSS, &time);
        if (!external) continue;
        for (size_t l = p->layer_count; l-- > lowest;)
            adjoin(k, p, l, slice, entry, count, l > lowest && p->layers[l].spiking,
                   events_below(&s, l), &s, external);
        end_stage(sums, TK_STAGE_BACKWARD, &time);
    }
}
