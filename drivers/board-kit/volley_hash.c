// CRC32C and SHA-256, by small tables: a board that has instructions for them may replace this file.
#include "volley_wire.h"

uint32_t volley_crc32c(uint32_t crc, const void *bytes, size_t count) {
    // Four bits a step: 64 bytes of table instead of 1 KiB. Polynomial 82F63B78, reflected.
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
        0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    const uint8_t *next = bytes;
    crc = ~crc;
    for (size_t index = 0; index < count; index++) {
        crc ^= next[index];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static uint32_t rotated(uint32_t value, unsigned count) { return value >> count | value << (32 - count); }

static uint32_t big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | (uint32_t)bytes[3];
}

// FIPS 180-4, 6.2.2. The message schedule is kept in a ring of 16 words.
static void compress(uint32_t state[8], const uint8_t block[64]) {
    static const uint32_t constants[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    };
    uint32_t words[16], a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (unsigned step = 0; step < 64; step++) {
        uint32_t *word = &words[step & 15];
        if (step < 16) {
            *word = big_endian(block + 4 * step);
        } else {
            uint32_t early = words[(step + 1) & 15], late = words[(step + 14) & 15];
            uint32_t small0 = rotated(early, 7) ^ rotated(early, 18) ^ early >> 3;
            uint32_t small1 = rotated(late, 17) ^ rotated(late, 19) ^ late >> 10;
            *word += small0 + words[(step + 9) & 15] + small1;
        }
        uint32_t big1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
        uint32_t first = h + big1 + ((e & f) ^ (~e & g)) + constants[step] + *word;
        uint32_t big0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
        uint32_t second = big0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + first, d = c, c = b, b = a, a = first + second;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

void volley_hash_begin(struct volley_hash *hash) {
    static const uint32_t initial[8] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    };
    memcpy(hash->state, initial, sizeof initial);
    hash->length = 0;
}

void volley_hash_add(struct volley_hash *hash, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    while (count > 0) {
        size_t filled = (size_t)(hash->length % 64), part = 64 - filled;
        if (part > count) part = count;
        memcpy(hash->block + filled, next, part);
        hash->length += part;
        next += part;
        count -= part;
        if (hash->length % 64 == 0) compress(hash->state, hash->block);
    }
}

void volley_hash_end(struct volley_hash *hash, uint8_t digest[32]) {
    uint64_t bits = 8 * hash->length;
    uint8_t tail[8];
    for (unsigned index = 0; index < 8; index++) tail[index] = (uint8_t)(bits >> (56 - 8 * index));
    const uint8_t one = 0x80, zero = 0;
    volley_hash_add(hash, &one, 1);
    while (hash->length % 64 != 56) volley_hash_add(hash, &zero, 1);
    volley_hash_add(hash, tail, 8);
    for (unsigned index = 0; index < 32; index++) {
        digest[index] = (uint8_t)(hash->state[index / 4] >> (24 - 8 * (index % 4)));
    }
}
