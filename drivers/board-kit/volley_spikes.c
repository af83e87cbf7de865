// Spike blocks, AER32 (SPEC section 7.1), and what chips read of them.
#include "volley_private.h"

enum { HEAD = 32, AER32 = 1, TICK_PS = 8000 };

static bool malformed(struct volley_fault *fault, const char *words, uint32_t offset) {
    volley_fail(fault, VOLLEY_MALFORMED, words);
    fault->offset = offset;
    return false;
}

static bool check_events(const uint8_t *block, uint32_t base, uint32_t entries, uint32_t count,
                         const struct volley_configuration *configuration, struct volley_fault *fault) {
    const uint8_t *ends = block + HEAD, *events = ends + 4 * (size_t)entries;
    uint32_t begin = 0;
    for (uint32_t entry = 0; entry < entries; entry++) {
        uint32_t end = volley_get32(ends + 4 * (size_t)entry);
        if (end < begin || end > count) {
            return malformed(fault, "ends that decrease or pass the events", base + HEAD + 4 * entry);
        }
        for (uint32_t index = begin; index < end; index++) {
            const uint8_t *event = events + 4 * (size_t)index;
            uint32_t tick = volley_get16(event), unit = volley_get16(event + 2);
            uint32_t offset = base + HEAD + 4 * entries + 4 * index;
            if (tick >= configuration->window) return malformed(fault, "an event behind the window", offset);
            if (unit >= configuration->input_count) return malformed(fault, "an event of no input", offset);
            if (index > begin) {
                uint32_t last_tick = volley_get16(event - 4), last_unit = volley_get16(event - 2);
                if (tick < last_tick || (tick == last_tick && unit <= last_unit)) {
                    return malformed(fault, "events that are not sorted by tick, then unit", offset);
                }
            }
        }
        if (end - begin > VOLLEY_EVENTS) {
            volley_fail_stock(fault, VOLLEY_TOO_LARGE, "events of an entry", end - begin, VOLLEY_EVENTS);
            fault->offset = base + HEAD + 4 * entry;
            return false;
        }
        begin = end;
    }
    return begin == count || malformed(fault, "events that belong to no entry", base + 20);
}

bool volley_check_spikes(const uint8_t *block, uint32_t length, uint32_t base,
                         const struct volley_configuration *configuration, struct volley_fault *fault) {
    if (length < HEAD) return malformed(fault, "the block is cut off", base + length);
    uint32_t entries = volley_get32(block + 16), events = volley_get32(block + 20);
    if (volley_get16(block) != AER32) return malformed(fault, "an unknown encoding of spikes", base);
    if (volley_get16(block + 2) || volley_get64(block + 24)) {
        volley_fail(fault, VOLLEY_RESERVED_NONZERO, "a reserved field is not zero");
        fault->offset = base + (volley_get16(block + 2) ? 2 : 24);
        return false;
    }
    if (volley_get32(block + 8) != TICK_PS) return malformed(fault, "a tick other than 8000 ps", base + 8);
    if (volley_get32(block + 4) != configuration->input_count) {
        return malformed(fault, "the units are not the configuration's inputs", base + 4);
    }
    if (volley_get32(block + 12) != configuration->window) {
        return malformed(fault, "the window is not the configuration's", base + 12);
    }
    if (HEAD + 4 * ((uint64_t)entries + events) != length) {
        return malformed(fault, "the block is shorter or longer than its counts say", base + length);
    }
    if (entries > VOLLEY_ENTRIES) {
        volley_fail_stock(fault, VOLLEY_TOO_LARGE, "entries", entries, VOLLEY_ENTRIES);
        fault->offset = base + 16;
        return false;
    }
    return check_events(block, base, entries, events, configuration, fault);
}

uint32_t volley_batch_events(const struct volley_batch *batch, uint32_t entry, uint32_t *first) {
    *first = entry ? volley_get32(batch->ends + 4 * (size_t)(entry - 1)) : 0;
    return volley_get32(batch->ends + 4 * (size_t)entry) - *first;
}

struct volley_event volley_batch_event(const struct volley_batch *batch, uint32_t place) {
    const uint8_t *bytes = batch->events + 4 * (size_t)place;
    return (struct volley_event){volley_get16(bytes), volley_get16(bytes + 2)};
}
