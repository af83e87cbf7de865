#include "wire_kernels.h"

#include <string.h>

#if defined(__x86_64__)

bool wire_have_crc32c(void) { return __builtin_cpu_supports("sse4.2"); }

// The instruction takes 8 bytes a cycle but answers after 3: three stretches of STRETCH bytes run side by side and are
// then joined. Running a register over STRETCH zero bytes is linear, so four tables, one for each of its bytes, do it.
#define STRETCH 1024
#define TARGET __attribute__((target("sse4.2")))

static uint32_t shifts[4][256];

// Filled before `main`, so that no call has to ask.
__attribute__((constructor)) static void fill(void) {
    uint32_t basis[32];
    for (int bit = 0; bit < 32; bit++) {
        uint32_t crc = 1u << bit;
        for (int step = 0; step < 8 * STRETCH; step++) {
            crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
        }
        basis[bit] = crc;
    }
    for (int byte = 0; byte < 4; byte++) {
        for (int value = 0; value < 256; value++) {
            uint32_t crc = 0;
            for (int bit = 0; bit < 8; bit++) {
                if (value >> bit & 1) crc ^= basis[8 * byte + bit];
            }
            shifts[byte][value] = crc;
        }
    }
}

static uint32_t shift(uint32_t crc) {
    return shifts[0][crc & 255] ^ shifts[1][crc >> 8 & 255] ^ shifts[2][crc >> 16 & 255]
        ^ shifts[3][crc >> 24];
}

static uint64_t load(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

TARGET uint32_t wire_crc32c(uint32_t crc, const uint8_t *bytes, size_t size) {
    for (; size >= 3 * STRETCH; size -= 3 * STRETCH, bytes += 3 * STRETCH) {
        uint64_t a = crc, b = 0, c = 0;
        for (size_t k = 0; k < STRETCH; k += 8) {
            a = __builtin_ia32_crc32di(a, load(bytes + k));
            b = __builtin_ia32_crc32di(b, load(bytes + STRETCH + k));
            c = __builtin_ia32_crc32di(c, load(bytes + 2 * STRETCH + k));
        }
        crc = shift(shift((uint32_t)a) ^ (uint32_t)b) ^ (uint32_t)c;
    }
    uint64_t wide = crc;
    for (; size >= 8; size -= 8, bytes += 8) wide = __builtin_ia32_crc32di(wide, load(bytes));
    crc = (uint32_t)wide;
    for (; size > 0; size--) crc = __builtin_ia32_crc32qi(crc, *bytes++);
    return crc;
}

#else

bool wire_have_crc32c(void) { return false; }

uint32_t wire_crc32c(uint32_t crc, const uint8_t *bytes, size_t size) {
    (void)bytes, (void)size;
    return crc;
}

#endif
