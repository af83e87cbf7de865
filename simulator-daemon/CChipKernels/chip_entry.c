// One batch entry: events in, populations in order, codes and spikes out.
#pragma clang fp contract(off)
#include "chip_program.h"
#include "chip_workspace.h"
#include <math.h>
#include <string.h>

// What a random number is for; part of its key, so that no effect moves another's numbers.
enum {
    NOISE_MEMBRANE = 1,
    NOISE_THRESHOLD = 2,
    NOISE_CONVERTER = 3,
    NOISE_SPIKE_TIME = 4,
    NOISE_CURRENT = 5,
};

typedef struct {
    const chip_program *program;
    const chip_settings *settings;
    chip_workspace *workspace;
    const chip_functions *functions;
    uint64_t key;
    chip_outcome *outcome;
    bool failed;
} chip_pass;

static chip_key purpose_key(const chip_pass *pass, uint64_t purpose) {
    return chip_key_of(pass->key, purpose);
}

static void *reserve(chip_pass *pass, chip_room *room, size_t bytes) {
    void *memory = chip_room_reserve(room, bytes);
    if (!memory) pass->failed = true;
    return memory;
}

// The whole numbers at or below, and at or above. As the C library's they would be calls, for the first processors
// of this kind had no instruction for them.
static int32_t whole(double value) {
    int32_t cut = (int32_t)value;
    return cut - (cut > value);
}

static int32_t ceiling(double value) {
    int32_t cut = (int32_t)value;
    return cut + (cut < value);
}

// Makes room for so many more arrivals; NULL without memory.
static chip_arrival *expect_arrivals(chip_pass *pass, size_t count) {
    chip_workspace *space = pass->workspace;
    size_t most = space->arrival_count + count;
    return reserve(pass, &space->arrivals, most * sizeof(chip_arrival));
}

// Where a population in a cycle keeps its list of each step; NULL for others, whose arrivals are all known before they
// run.
static chip_list *lists_of(const chip_pass *pass, uint32_t population) {
    if (!pass->program->arrays[population].cyclic) return NULL;
    size_t first = (size_t)population * pass->settings->steps;
    return (chip_list *)pass->workspace->lists.memory + first;
}

static void add_arrival(
    chip_pass *pass, chip_arrival *arrivals, chip_list *lists, uint32_t population, uint32_t row,
    uint32_t step, float fraction
) {
    uint32_t index = pass->workspace->arrival_count++;
    arrivals[index] = (chip_arrival){
        .population = population, .step = step, .row = row, .fraction = fraction};
    if (!lists) return;
    chip_list *list = &lists[step];
    if (list->first) arrivals[list->last].next = index;
    else list->first = index;
    list->last = index;
}

// Writes an event with all that its time does, behind those of its step that come before it.
static void write_event(
    const chip_array *array, const chip_arrival *arrival, chip_event *events, uint32_t begin,
    uint32_t place
) {
    float fraction = arrival->fraction;
    chip_shares shares = array->shares[SHARE_TERMS - 1] * fraction;
    for (int k = SHARE_TERMS - 2; k >= 0; k--) shares = (shares + array->shares[k]) * fraction;
    // Only where membranes are compared within a step is there need of order.
    for (; array->compares && place > begin && events[place - 1].fraction < fraction; place--) {
        events[place] = events[place - 1];
    }
    events[place] = (chip_event){
        .shares = shares, .row = arrival->row * CHIP_LANES, .fraction = fraction,
        .step = arrival->step};
}

// Writes the events of a population's steps in order.
static const chip_event *sort_events(
    chip_pass *pass, uint32_t population, uint32_t first, uint32_t end
) {
    chip_workspace *space = pass->workspace;
    const chip_array *array = &pass->program->arrays[population];
    size_t most = (size_t)space->arrival_count + EVENTS_AHEAD, steps = end - first;
    chip_event *events = reserve(pass, &space->events, most * sizeof *events);
    // Of each step: where its events begin, and where its next one goes.
    uint32_t *begins = reserve(pass, &space->begins, steps * sizeof *begins);
    uint32_t *places = reserve(pass, &space->places, steps * sizeof *places);
    if (pass->failed) return NULL;
    const chip_arrival *arrivals = space->arrivals.memory;
    const chip_list *lists = lists_of(pass, population);
    uint32_t count = 0;
    if (lists) {
        for (uint32_t step = first; step < end; step++) {
            uint32_t begin = count;
            for (uint32_t index = lists[step].first; index; index = arrivals[index].next) {
                write_event(array, &arrivals[index], events, begin, count++);
            }
        }
    } else {
        uint32_t arrival_count = space->arrival_count;
        memset(places, 0, steps * sizeof *places);
        for (uint32_t k = 1; k < arrival_count; k++) {
            if (arrivals[k].population == population) places[arrivals[k].step] += 1;
        }
        for (uint32_t k = 0; k < steps; k++) {
            begins[k] = count;
            count += places[k];
            places[k] = begins[k];
        }
        for (uint32_t k = 1; k < arrival_count; k++) {
            uint32_t step = arrivals[k].step;
            if (arrivals[k].population != population) continue;
            write_event(array, &arrivals[k], events, begins[step], places[step]++);
        }
    }
    for (uint32_t k = 0; k < EVENTS_AHEAD; k++) events[count + k] = (chip_event){.step = UINT32_MAX};
    return events;
}

static void start(chip_pass *pass) {
    const chip_program *program = pass->program;
    const chip_settings *settings = pass->settings;
    chip_workspace *space = pass->workspace;
    size_t lists = (size_t)program->array_count * settings->steps * sizeof(chip_list);
    reserve(pass, &space->lists, lists);
    reserve(pass, &space->states, program->block_count * sizeof(chip_state));
    size_t codes = (size_t)program->block_count * settings->sample_count * CHIP_LANES;
    reserve(pass, &space->codes, codes);
    if (pass->failed) return;
    memset(space->lists.memory, 0, lists);
    space->arrival_count = 1;  // index 0 ends a list
    space->spike_count = 0;
    chip_start start = {
        .resolve_ticks = settings->resolve_ticks,
        .threshold_noise = settings->threshold_noise,
        .noise_current = settings->membrane_noise && settings->noise_memory > 0,
        .threshold_key = purpose_key(pass, NOISE_THRESHOLD),
        .current_key = purpose_key(pass, NOISE_CURRENT),
        .noise_key = chip_mix(pass->key + NOISE_MEMBRANE),
    };
    chip_state *states = space->states.memory;
    for (uint32_t k = 0; k < program->block_count; k++) {
        start.first_lane = k * CHIP_LANES;
        pass->functions->start(&program->blocks[k], &states[k], &start);
    }
}

// Passes the input events through the link and the driver buses; returns how many arrive, and when, in whole ticks.
static uint32_t admit(
    chip_pass *pass, const chip_wire_event *inputs, uint32_t count, chip_drive *drives
) {
    const chip_server input_link = pass->settings->input_link;
    const chip_server driver_bus = pass->settings->driver_bus;
    uint32_t bus_count = pass->settings->driver_buses, left = 0;
    chip_queue link = {0};
    chip_queue *buses = reserve(pass, &pass->workspace->limits, bus_count * sizeof *buses);
    if (!buses) return 0;
    memset(buses, 0, bus_count * sizeof *buses);
    for (uint32_t k = 0; k < count; k++) {
        double time = chip_queue_pass(&link, &input_link, inputs[k].tick);
        if (time < 0) {
            pass->outcome->dropped_link += 1;
            continue;
        }
        time = chip_queue_pass(&buses[inputs[k].unit % bus_count], &driver_bus, time);
        if (time < 0) {
            pass->outcome->dropped_driver += 1;
            continue;
        }
        drives[left++] = (chip_drive){(uint32_t)ceiling(time), inputs[k].unit};
    }
    pass->outcome->accepted = left;
    return left;
}

// Gives input events to the rows they drive. Where steps are not resolved they act at the next boundary.
static void inject(chip_pass *pass, const chip_wire_event *inputs, uint32_t count) {
    const chip_settings *settings = pass->settings;
    chip_drive *drives = reserve(
        pass, &pass->workspace->drives, ((size_t)count + 1) * sizeof *drives);
    size_t most = (size_t)count * pass->program->projection_count;
    chip_arrival *arrivals = expect_arrivals(pass, most);
    if (pass->failed) return;
    count = admit(pass, inputs, count, drives);
    uint32_t period = settings->sample_period, steps = settings->steps;
    for (uint32_t p = 0; p < pass->program->projection_count; p++) {
        const chip_projection projection = pass->program->projections[p];
        if (projection.source >= 0) continue;
        chip_list *lists = lists_of(pass, projection.target);
        for (uint32_t k = 0; k < count; k++) {
            uint32_t scaled = drives[k].tick * settings->steps_per_sample, step = scaled / period;
            float rest = (float)(int32_t)((step + 1) * period - scaled);
            float fraction = rest / (float)(int32_t)period;
            if (!settings->resolve_ticks && scaled > 0) {
                step = (scaled + period - 1) / period - 1;
                fraction = 0;
            }
            if (step >= steps) continue;
            add_arrival(
                pass, arrivals, lists, projection.target, projection.first_row + drives[k].unit,
                step, fraction);
        }
    }
}

static bool records(const chip_settings *settings, const chip_population *shape) {
    return settings->sample_count && settings->membrane_count
        && shape->first_neuron < settings->first_membrane + settings->membrane_count
        && settings->first_membrane < shape->first_neuron + shape->size;
}

static void run_population(chip_pass *pass, uint32_t index, uint32_t first, uint32_t end) {
    const chip_settings *settings = pass->settings;
    chip_workspace *space = pass->workspace;
    const chip_array *array = &pass->program->arrays[index];
    size_t most = (size_t)(end - first) * CHIP_LANES;
    const chip_event *events = sort_events(pass, index, first, end);
    if (!events) return;
    uint64_t code_key = chip_mix(pass->key + NOISE_CONVERTER);
    for (uint32_t k = 0; k < array->shape.block_count; k++) {
        uint32_t number = array->shape.first_block + k;
        chip_spike *spikes = reserve(
            pass, &space->spikes, (space->spike_count + most) * sizeof *spikes);
        if (!spikes) return;
        chip_task task = {
            .block = &pass->program->blocks[number],
            .neurons = &pass->program->lanes[number * CHIP_LANES],
            .state = (chip_state *)space->states.memory + number,
            .rows = array->rows + (size_t)k * array->shape.row_count * CHIP_LANES,
            .events = events,
            .first_step = first,
            .end_step = end,
            .entry_end = settings->steps,
            .first_lane = number * CHIP_LANES,
            .lanes = array->shape.size - k * CHIP_LANES,
            .resolve_ticks = settings->resolve_ticks,
            .membrane_noise = settings->membrane_noise,
            .noise_memory = settings->noise_memory,
            .neighbour = settings->neighbour,
            .droop = settings->droop,
            .code_key = code_key,
            .spikes = spikes,
            .spike_count = space->spike_count,
            .steps_per_sample = settings->steps_per_sample,
            .sample_count = settings->sample_count,
            .converter_noise = settings->converter_noise,
            .skewed = settings->skewed,
            .samples_reference = settings->samples_reference,
            .reference = settings->reference,
        };
        if (records(settings, &array->shape)) {
            size_t size = (size_t)settings->sample_count * CHIP_LANES;
            task.codes = (uint8_t *)space->codes.memory + number * size;
        }
        pass->functions->run(&task);
        space->spike_count = task.spike_count;
    }
}

// Gives spikes of a population to the rows it drives on the chip.
static void forward(chip_pass *pass, uint32_t index, uint32_t first_spike, uint32_t end_spike) {
    const chip_settings *settings = pass->settings;
    uint32_t first_lane = pass->program->arrays[index].shape.first_block * CHIP_LANES;
    for (uint32_t k = 0; k < pass->program->projection_count; k++) {
        const chip_projection *projection = &pass->program->projections[k];
        if (projection->source != (int32_t)index) continue;
        chip_arrival *arrivals = expect_arrivals(pass, end_spike - first_spike);
        if (!arrivals) return;
        chip_list *lists = lists_of(pass, projection->target);
        double delay = projection->cyclic ? settings->cyclic_delay : settings->delay;
        for (uint32_t n = first_spike; n < end_spike; n++) {
            chip_spike spike = ((chip_spike *)pass->workspace->spikes.memory)[n];
            double arrival = (double)spike.fraction + delay;
            double step = whole(arrival);
            float fraction = (float)(step + 1 - arrival);
            if (!settings->resolve_ticks) {
                step = arrival - 1;
                fraction = 0;
            }
            step += spike.step;
            if (step >= settings->steps) continue;
            add_arrival(
                pass, arrivals, lists, projection->target,
                projection->first_row + spike.lane - first_lane, (uint32_t)step, fraction);
        }
    }
}

static void run_group(chip_pass *pass, const chip_group *group) {
    const uint32_t *order = pass->program->order;
    uint32_t steps = pass->settings->steps;
    uint32_t chunk = group->cyclic ? pass->settings->chunk : steps;
    for (uint32_t first = 0; first < steps && !pass->failed; first += chunk) {
        uint32_t end = steps - first < chunk ? steps : first + chunk;
        // Spikes arrive after the chunk, so those of one population never meet another inside it.
        for (uint32_t k = group->first; k < group->end && !pass->failed; k++) {
            uint32_t before = pass->workspace->spike_count;
            run_population(pass, order[k], first, end);
            forward(pass, order[k], before, pass->workspace->spike_count);
        }
    }
}

// Copies codes of some lanes of a block, sample by sample, to rows that are `stride` apart; returns whether one of them
// is at an end of the converter's range.
static bool copy_block(
    const uint8_t *codes, uint32_t samples, uint32_t first, uint32_t end, uint8_t *to, size_t stride
) {
    typedef uint8_t row __attribute__((vector_size(CHIP_LANES)));
    row highs = {0}, lows = ~highs;
    for (uint32_t sample = 0; sample < samples; sample++, codes += CHIP_LANES, to += stride) {
        row row;
        memcpy(&row, codes, sizeof row);
        lows = __builtin_elementwise_min(lows, row);
        highs = __builtin_elementwise_max(highs, row);
        if (end - first == CHIP_LANES) memcpy(to, &row, sizeof row);  // most are whole
        else memcpy(to, codes + first, end - first);
    }
    row lanes = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
    row ends = ((row)(lows == 0) | (row)(highs == 255))
        & (row)(lanes >= (uint8_t)first) & (row)(lanes < (uint8_t)end);
    return __builtin_reduce_or(ends) != 0;
}

static void copy_codes(chip_pass *pass, uint8_t *codes) {
    const chip_settings *settings = pass->settings;
    uint32_t columns = settings->membrane_count, samples = settings->sample_count;
    for (uint32_t p = 0; p < pass->program->array_count; p++) {
        const chip_population *shape = &pass->program->arrays[p].shape;
        if (!records(settings, shape)) continue;
        for (uint32_t block = 0; block < shape->block_count; block++) {
            uint32_t from = shape->first_neuron + block * CHIP_LANES, first = from;
            uint32_t end = shape->first_neuron + shape->size;
            if (end > from + CHIP_LANES) end = from + CHIP_LANES;
            uint32_t limit = settings->first_membrane + columns;
            if (first < settings->first_membrane) first = settings->first_membrane;
            if (end > limit) end = limit;
            if (first >= end) continue;
            const uint8_t *source = (const uint8_t *)pass->workspace->codes.memory
                + (size_t)(shape->first_block + block) * samples * CHIP_LANES;
            uint8_t *to = codes + first - settings->first_membrane;
            bool ends = copy_block(source, samples, first - from, end - from, to, columns);
            if (ends) pass->outcome->saturated = true;
        }
    }
}

// Sorts keys that are nearly sorted.
static void straighten(uint32_t *keys, uint32_t count) {
    for (uint32_t k = 1; k < count; k++) {
        uint32_t key = keys[k], place = k;
        for (; place > 0 && keys[place - 1] > key; place--) keys[place] = keys[place - 1];
        keys[place] = key;
    }
}

// Sorts keys by their upper 16 bits, which are below `limit`, and then by their lower; `other` has room for as many.
static void sort(uint32_t *keys, uint32_t *other, uint32_t count, uint32_t limit) {
    enum { MOST = 256 };
    uint32_t bits = 1;
    while (bits < 8 && limit >> 2 * bits) bits++;
    uint32_t *from = keys, *to = other;
    for (uint32_t shift = 16; shift <= 16 + bits; shift += bits) {
        uint32_t places[MOST] = {0}, mask = (1u << bits) - 1, place = 0;
        for (uint32_t k = 0; k < count; k++) places[from[k] >> shift & mask] += 1;
        for (uint32_t k = 0; k <= mask; k++) {
            uint32_t size = places[k];
            places[k] = place;
            place += size;
        }
        for (uint32_t k = 0; k < count; k++) to[places[from[k] >> shift & mask]++] = from[k];
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    straighten(keys, count);
}

// The recorded ticks of spikes: with jitter, within the window, and rising for each neuron. Spikes that happen after
// the window get a tick beyond it.
static void stamp(chip_pass *pass, int32_t *ticks, int32_t *limits) {
    const chip_settings *settings = pass->settings;
    chip_workspace *space = pass->workspace;
    const chip_spike *spikes = space->spikes.memory;
    const uint32_t *neurons = pass->program->lane_neurons;
    uint32_t count = space->spike_count;
    uint32_t neuron_count = pass->program->neuron_count;
    int32_t window = (int32_t)settings->window;
    const float *normals = NULL;
    if (settings->spike_time_noise > 0) {
        size_t padded = ((size_t)count + 15) / 16 * 16;
        uint32_t *counters = reserve(pass, &space->order, padded * sizeof *counters);
        float *room = reserve(pass, &space->normals, padded * sizeof *room);
        if (pass->failed) return;
        memset(counters, 0, padded * sizeof *counters);
        for (uint32_t k = 0; k < count; k++) counters[k] = spikes[k].step << 16 | spikes[k].lane;
        pass->functions->normals(counters, room, count, purpose_key(pass, NOISE_SPIKE_TIME));
        normals = room;
    }
    for (uint32_t n = 0; n < neuron_count; n++) limits[n] = -1;
    for (uint32_t k = 0; k < count; k++) {
        double steps = (double)spikes[k].step + (double)spikes[k].fraction;
        double time = steps * settings->sample_period / settings->steps_per_sample;
        if (whole(time + 0.5) >= window) {
            ticks[k] = INT32_MAX;
            continue;
        }
        if (normals) time += (double)(normals[k] * settings->spike_time_noise);
        int32_t *last = &limits[neurons[spikes[k].lane]];
        int32_t tick = whole(time + 0.5);
        *last = ticks[k] = tick > *last ? tick : *last + 1;
    }
    for (uint32_t n = 0; n < neuron_count; n++) limits[n] = window;
    for (uint32_t k = count; k-- > 0;) {
        if (ticks[k] == INT32_MAX) continue;
        int32_t *next = &limits[neurons[spikes[k].lane]];
        *next = ticks[k] = ticks[k] < *next ? ticks[k] : *next - 1;
    }
}

// Passes sorted spikes through the arbiters; returns how many are left, with their new times, unsorted. One that would
// leave after the window leaves in its last tick.
static uint32_t arbitrate(chip_pass *pass, uint32_t *keys, uint32_t count) {
    const chip_settings *settings = pass->settings;
    size_t bytes = settings->quadrants * sizeof(chip_queue);
    chip_queue *queues = reserve(pass, &pass->workspace->limits, bytes);
    if (!queues) return 0;
    memset(queues, 0, bytes);
    uint32_t left = 0;
    for (uint32_t k = 0; k < count; k++) {
        uint32_t unit = keys[k] & 0xffff, quadrant = pass->program->quadrants[unit];
        double time = chip_queue_pass(&queues[quadrant], &settings->arbiter, keys[k] >> 16);
        if (time < 0) {
            pass->outcome->dropped_arbitration += 1;
            continue;
        }
        uint32_t tick = (uint32_t)ceiling(time);
        if (tick >= settings->window) tick = settings->window - 1;
        keys[left++] = tick << 16 | unit;
    }
    return left;
}

static void collect(chip_pass *pass) {
    chip_workspace *space = pass->workspace;
    size_t bytes = ((size_t)space->spike_count + 1) * sizeof(uint32_t);
    int32_t *ticks = reserve(pass, &space->ticks, bytes);
    int32_t *limits = reserve(
        pass, &space->limits, pass->program->neuron_count * sizeof *limits);
    uint32_t *keys = reserve(pass, &space->keys, bytes);
    uint32_t *other = reserve(pass, &space->swap, bytes);
    if (pass->failed) return;
    stamp(pass, ticks, limits);
    if (pass->failed) return;
    const chip_spike *spikes = space->spikes.memory;
    uint32_t count = 0;
    for (uint32_t k = 0; k < space->spike_count; k++) {
        if (ticks[k] == INT32_MAX) continue;
        keys[count++] = (uint32_t)ticks[k] << 16 | pass->program->lane_neurons[spikes[k].lane];
    }
    pass->outcome->spikes = count;
    if (!pass->settings->record_spikes) return;
    pass->outcome->produced = count;
    sort(keys, other, count, pass->settings->window);
    if (pass->settings->arbiter.service > 0) {
        count = arbitrate(pass, keys, count);
        straighten(keys, count);
    }
    size_t room = (space->collected_count + count) * sizeof(chip_wire_event);
    chip_wire_event *collected = reserve(pass, &space->collected, room);
    if (pass->failed) return;
    chip_queue link = {0};
    for (uint32_t k = 0; k < count; k++) {
        if (k > 0 && keys[k] == keys[k - 1]) {  // two of a neuron in the window's last tick
            pass->outcome->dropped_arbitration += 1;
            continue;
        }
        if (chip_queue_pass(&link, &pass->settings->output_link, keys[k] >> 16) < 0) {
            pass->outcome->dropped_output += 1;
            continue;
        }
        collected[space->collected_count++] = (chip_wire_event){
            (uint16_t)(keys[k] >> 16), (uint16_t)keys[k]};
        pass->outcome->event_count += 1;
    }
}

bool chip_run_entry(
    const chip_program *program, const chip_settings *settings, chip_workspace *workspace,
    uint32_t entry, const chip_wire_event *inputs, uint32_t input_count, uint8_t *codes,
    chip_outcome *outcome
) {
    *outcome = (chip_outcome){.first_event = (uint32_t)workspace->collected_count};
    chip_pass pass = {
        .program = program,
        .settings = settings,
        .workspace = workspace,
        .functions = chip_functions_of(settings->level),
        .key = chip_mix(settings->key ^ chip_mix((uint64_t)entry + 0x632be59bd9b4e019ull)),
        .outcome = outcome,
    };
    start(&pass);
    if (!pass.failed) inject(&pass, inputs, input_count);
    for (uint32_t k = 0; k < program->group_count && !pass.failed; k++) {
        run_group(&pass, &program->groups[k]);
    }
    if (codes && !pass.failed) copy_codes(&pass, codes);
    if (!pass.failed) collect(&pass);
    return !pass.failed;
}
