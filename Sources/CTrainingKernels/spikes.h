// Included once per instruction set by training_kernels.c: membranes and spikes from one form to another.

static void X(compare)(size_t rows, size_t stride, const float *membranes, float threshold, uint16_t *bits) {
    for (size_t n = 0; n < rows * stride; n += LANES)
        bits[n / LANES] = X(pack_bits)(X(load)(membranes + n) > X(fill)(threshold));
}

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

// Bits of up to four words, of neurons and not of padding.
INLINE uint64_t X(four_words)(const uint16_t *bits, size_t word, size_t words, size_t neurons) {
    const uint16_t *b = bits + word;
    uint64_t four = b[0];
    if (word + 4 <= words) four = four | (uint64_t)b[1] << 16 | (uint64_t)b[2] << 32 | (uint64_t)b[3] << 48;
    else
        for (size_t k = 1; word + k < words; k++) four |= (uint64_t)b[k] << 16 * k;
    const size_t rest = neurons - word * LANES;
    return rest >= 64 ? four : four & (((uint64_t)1 << rest) - 1);
}

static void X(count)(size_t rows, size_t words, size_t neurons, const uint16_t *bits, uint32_t *offsets) {
    for (size_t row = 0; row < rows; row++, bits += words) {
        uint32_t count = offsets[row];
        for (size_t word = 0; word * LANES < neurons; word += 4)
            count += (uint32_t)__builtin_popcountll(X(four_words)(bits, word, words, neurons));
        offsets[row + 1] = count;
    }
}

static void X(gather)(size_t rows, size_t words, size_t neurons, const uint16_t *bits, uint16_t *units) {
    for (size_t row = 0; row < rows; row++, bits += words)
        for (size_t word = 0; word * LANES < neurons; word += 4)
            for (uint64_t rest = X(four_words)(bits, word, words, neurons); rest; rest &= rest - 1)
                *units++ = (uint16_t)(word * LANES + (size_t)__builtin_ctzll(rest));
}
