#include "wire_kernels.h"

#include <string.h>

static uint32_t load32(const uint8_t *bytes) {
    uint32_t word;
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

static size_t delta_from(
    size_t start, const int8_t *old, const int8_t *image, size_t count, uint8_t *bitmap, int8_t *codes,
    size_t changed, size_t room) {
    for (size_t first = start; first < count; first += 8) {
        uint32_t bits = 0;
        size_t end = count - first < 8 ? count - first : 8;
        for (size_t i = 0; i < end; i++) bits |= (uint32_t)(old[first + i] != image[first + i]) << i;
        bitmap[first / 8] = (uint8_t)bits;
        if (changed + (size_t)__builtin_popcount(bits) > room) return room + 1;
        for (; bits; bits &= bits - 1) codes[changed++] = image[first + (size_t)__builtin_ctz(bits)];
    }
    return changed;
}

static size_t apply_from(
    size_t start, const uint8_t *bitmap, const int8_t *codes, size_t changed, int8_t *image, size_t count,
    size_t *used) {
    size_t bytes = (count + 7) / 8;
    for (size_t index = start; index < bytes; index++) {
        for (uint32_t bits = bitmap[index]; bits; bits &= bits - 1) {
            size_t place = 8 * index + (size_t)__builtin_ctz(bits);
            if (place >= count || *used >= changed) return index;
            image[place] = codes[(*used)++];
        }
    }
    return bytes;
}

#if defined(__x86_64__)
#include <immintrin.h>

// Processors that gather and scatter the marked bytes of a vector by one instruction take 64 codes at a time.
#define TARGET __attribute__((target("avx512bw,avx512vbmi2,popcnt")))

static bool have_compress(void) {
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2");
}

/// Does the groups of 64 for which there is room and returns the codes done.
TARGET static size_t delta_64(
    const int8_t *old, const int8_t *image, size_t count, uint8_t *bitmap, int8_t *codes, size_t *changed,
    size_t room) {
    size_t first = 0;
    for (; count - first >= 64 && room - *changed >= 64; first += 64) {
        __m512i now = _mm512_loadu_si512(image + first);
        uint64_t bits = _mm512_cmpneq_epi8_mask(now, _mm512_loadu_si512(old + first));
        memcpy(bitmap + first / 8, &bits, sizeof bits);
        _mm512_storeu_si512(codes + *changed, _mm512_maskz_compress_epi8(bits, now));
        *changed += (size_t)__builtin_popcountll(bits);
    }
    return first;
}

/// Does the groups of 64 for which there are codes and returns the codes done.
TARGET static size_t apply_64(
    const uint8_t *bitmap, const int8_t *codes, size_t changed, int8_t *image, size_t count, size_t *used) {
    size_t first = 0;
    for (; count - first >= 64 && changed - *used >= 64; first += 64) {
        uint64_t bits;
        memcpy(&bits, bitmap + first / 8, sizeof bits);
        __m512i was = _mm512_loadu_si512(image + first);
        _mm512_storeu_si512(
            image + first, _mm512_mask_expand_epi8(was, bits, _mm512_loadu_si512(codes + *used)));
        *used += (size_t)__builtin_popcountll(bits);
    }
    return first;
}

#else

static bool have_compress(void) { return false; }

static size_t delta_64(
    const int8_t *old, const int8_t *image, size_t count, uint8_t *bitmap, int8_t *codes, size_t *changed,
    size_t room) {
    (void)old, (void)image, (void)count, (void)bitmap, (void)codes, (void)changed, (void)room;
    return 0;
}

static size_t apply_64(
    const uint8_t *bitmap, const int8_t *codes, size_t changed, int8_t *image, size_t count, size_t *used) {
    (void)bitmap, (void)codes, (void)changed, (void)image, (void)count, (void)used;
    return 0;
}

#endif

size_t wire_image_delta(
    const int8_t *old, const int8_t *image, size_t count, uint8_t *bitmap, int8_t *codes, size_t room) {
    size_t changed = 0;
    size_t start = have_compress() ? delta_64(old, image, count, bitmap, codes, &changed, room) : 0;
    return delta_from(start, old, image, count, bitmap, codes, changed, room);
}

size_t wire_apply_delta(
    const uint8_t *bitmap, const int8_t *codes, size_t changed, int8_t *image, size_t count, size_t *used) {
    *used = 0;
    size_t start = have_compress() ? apply_64(bitmap, codes, changed, image, count, used) : 0;
    return apply_from(start / 8, bitmap, codes, changed, image, count, used);
}

size_t wire_first_code_above(const int8_t *codes, size_t count, int limit) {
    uint32_t bad = 0;
    for (size_t i = 0; i < count; i++) bad |= (uint32_t)(codes[i] > limit) | (uint32_t)(codes[i] < -limit);
    size_t index = 0;
    if (!bad) return count;
    while (codes[index] <= limit && codes[index] >= -limit) index++;
    return index;
}
