#include "wire_kernels.h"

#include <string.h>

static uint32_t load32(const uint8_t *bytes) {
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static uint64_t load64(const int8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/// Events are ordered by tick, then unit; on the wire the tick is the low half.
static uint32_t key(uint32_t word) { return word << 16 | word >> 16; }

size_t wire_first_bad_event(
    const uint8_t *events, const uint32_t *ends, size_t entries, uint32_t units, uint32_t window) {
    size_t start = 0;
    for (size_t entry = 0; entry < entries; start = ends[entry++]) {
        size_t end = ends[entry];
        // All of an entry first, without a branch, so that the loops become vectors; then, rarely, where it was.
        uint32_t bad = 0;
        for (size_t i = start; i < end; i++) {
            uint32_t word = load32(events + 4 * i);
            bad |= (uint32_t)((word & 0xffff) >= window) | (uint32_t)(word >> 16 >= units);
        }
        for (size_t i = start + 1; i < end; i++) {
            bad |= key(load32(events + 4 * i)) <= key(load32(events + 4 * (i - 1)));
        }
        if (!bad) continue;
        for (size_t i = start; i < end; i++) {
            uint32_t word = load32(events + 4 * i);
            if ((word & 0xffff) >= window || word >> 16 >= units) return i;
            if (i > start && key(word) <= key(load32(events + 4 * (i - 1)))) return i;
        }
    }
    return start;
}

size_t wire_image_delta(
    const int8_t *old, const int8_t *image, size_t count, uint8_t *bitmap, int8_t *codes, size_t room) {
    size_t changed = 0;
    size_t whole = count / 8;
    for (size_t group = 0; group < whole; group++) {
        uint64_t differs = load64(old + 8 * group) ^ load64(image + 8 * group);
        if (differs == 0) {
            bitmap[group] = 0;
            continue;
        }
        // The top bit of each byte that is not zero, then those bits side by side.
        uint64_t tops = ((differs & 0x7f7f7f7f7f7f7f7full) + 0x7f7f7f7f7f7f7f7full) | differs;
        uint32_t bits = (uint32_t)((tops >> 7 & 0x0101010101010101ull) * 0x0102040810204080ull >> 56);
        bitmap[group] = (uint8_t)bits;
        if (changed + (size_t)__builtin_popcount(bits) > room) return room + 1;
        for (; bits; bits &= bits - 1) codes[changed++] = image[8 * group + (size_t)__builtin_ctz(bits)];
    }
    if (count % 8) bitmap[whole] = 0;
    for (size_t i = 8 * whole; i < count; i++) {
        if (old[i] == image[i]) continue;
        bitmap[whole] |= (uint8_t)(1u << i % 8);
        if (changed == room) return room + 1;
        codes[changed++] = image[i];
    }
    return changed;
}

size_t wire_apply_delta(
    const uint8_t *bitmap, const int8_t *codes, size_t changed, int8_t *image, size_t count, size_t *used) {
    size_t bytes = (count + 7) / 8;
    *used = 0;
    for (size_t index = 0; index < bytes; index++) {
        for (uint32_t bits = bitmap[index]; bits; bits &= bits - 1) {
            size_t place = 8 * index + (size_t)__builtin_ctz(bits);
            if (place >= count || *used >= changed) return index;
            image[place] = codes[(*used)++];
        }
    }
    return bytes;
}

size_t wire_first_code_above(const int8_t *codes, size_t count, int limit) {
    uint32_t bad = 0;
    for (size_t i = 0; i < count; i++) bad |= (uint32_t)(codes[i] > limit) | (uint32_t)(codes[i] < -limit);
    size_t index = 0;
    if (!bad) return count;
    while (codes[index] <= limit && codes[index] >= -limit) index++;
    return index;
}
