// Included once per instruction set by training_kernels.c: membranes and spikes from one form to another.

static void X(compare)(size_t rows, size_t stride, const float *membranes, float threshold, uint16_t *bits) {
    for (size_t n = 0; n < rows * stride; n += LANES)
        bits[n / LANES] = X(pack_bits)(X(load)(membranes + n) > X(fill)(threshold));
}

// Codes come from far away, and the pass does other things between the entries.
static void X(codes)(const tk_codes *p, size_t entries, size_t steps, size_t neurons, size_t stride, float *out) {
    static const vi lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const size_t width = p->width;
    const uint8_t *const end = p->codes + entries * steps * width;
    for (size_t entry = 0; entry < entries; entry++) {
        const uint8_t *first = p->codes + entry * steps * width + p->first, *row = first;
        for (size_t t = 0; t < steps; t++, row += width, out += stride)
            for (size_t n = 0; n < stride; n += LANES) {
                vb code = {0}, base = {0};
                if (row + n + LANES <= end) {
                    code = *(const vb_memory *)(row + n);
                    base = *(const vb_memory *)(first + n);
                    __builtin_prefetch(row + n + AHEAD);
                } else if (n < neurons) {
                    memcpy(&code, row + n, neurons - n);
                    memcpy(&base, first + n, neurons - n);
                }
                vi difference = __builtin_convertvector(code, vi) - __builtin_convertvector(base, vi);
                if (n + LANES > neurons) difference &= lanes < (int32_t)(neurons - n);
                X(store)(out + n, __builtin_convertvector(difference, vf) * X(fill)(p->scale));
            }
    }
}

// Bits of the neurons of a row, 64 at a time. The last word can have fewer neurons, and its place in memory fewer bits.
typedef struct {
    size_t count;       // words of 64 bits
    size_t last_bytes;  // in memory, of the last one
    uint64_t last_mask;
} X(row_words);

INLINE X(row_words) X(words_of)(size_t words, size_t neurons) {
    const size_t count = (neurons + 63) / 64, rest = neurons - (count - 1) * 64;
    return (X(row_words)){count, (words - (count - 1) * 4) * sizeof(uint16_t), ~(uint64_t)0 >> (64 - rest)};
}

INLINE uint64_t X(word)(X(row_words) p, const uint16_t *bits, size_t n) {
    uint64_t word = 0;
    if (n + 1 < p.count || p.last_bytes == sizeof word) memcpy(&word, bits + n * 4, sizeof word);
    else
        for (size_t k = 0; k * sizeof *bits < p.last_bytes; k++) word |= (uint64_t)bits[n * 4 + k] << k * LANES;
    return n + 1 < p.count ? word : word & p.last_mask;
}

static size_t X(count)(size_t rows, size_t words, size_t neurons, const uint16_t *bits) {
    const X(row_words) p = X(words_of)(words, neurons);
    size_t count = 0;
    for (size_t row = 0; row < rows; row++, bits += words)
        for (size_t n = 0; n < p.count; n++) count += (size_t)__builtin_popcountll(X(word)(p, bits, n));
    return count;
}

// Few words have a spike in them, and which is hard to guess: they are picked out without asking, and taken apart after.
// Whether one has a second spike is as hard to guess: it is written in any case, and kept if it was there.
static void X(gather)(size_t rows, size_t words, size_t neurons, const uint16_t *bits, uint32_t *offsets,
                      uint16_t *units) {
    enum { ROOM = 1024 };  // for a row of 2^16 neurons
    uint64_t filled[ROOM];
    uint16_t first[ROOM];
    const X(row_words) p = X(words_of)(words, neurons);
    const size_t at_a_time = p.count ? ROOM / p.count : rows;
    uint32_t count = 0;
    offsets[0] = 0;
    for (size_t row = 0; row < rows;) {
        const size_t end = rows - row < at_a_time ? rows : row + at_a_time;
        size_t picked = 0;
        for (; row < end; row++, bits += words) {
            for (size_t n = 0; n < p.count; n++) {
                const uint64_t word = X(word)(p, bits, n);
                filled[picked] = word;
                first[picked] = (uint16_t)(n * 64);
                picked += word != 0;
                count += (uint32_t)__builtin_popcountll(word);
            }
            offsets[row + 1] = count;
        }
        for (size_t n = 0; n < picked; n++) {
            const uint64_t others = filled[n] & (filled[n] - 1);
            units[0] = (uint16_t)(first[n] + __builtin_ctzll(filled[n]));
            units[1] = (uint16_t)(first[n] + __builtin_ctzll(others | (uint64_t)1 << 63));
            units += 1 + (others != 0);
            for (uint64_t rest = others & (others - 1); rest; rest &= rest - 1)
                *units++ = (uint16_t)(first[n] + __builtin_ctzll(rest));
        }
    }
}
