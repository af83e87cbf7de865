// Included once per instruction set by training_kernels.c: the forward pass. backward.h is its twin.

// The membrane of the next step, from that of this step, its spikes and the current J that drives it.
INLINE vf X(advance)(const tk_dynamics *d, const int reset_kind, vf v, vi s, vf current) {
    if (reset_kind == TK_RESET_ZERO) v = X(select)(s, X(fill)(d->reset), v);
    v = X(fill)(d->membrane_decay) * v + current;
    if (reset_kind == TK_RESET_SUBTRACT)
        v -= (vf)((vi)X(fill)(d->threshold - d->reset) & s);
    return v;
}

// A block of W vectors. Whoever calls with constants gets a loop without the questions.
INLINE void X(forward_block)(const tk_forward *p, size_t column, const int W, const int spikes, const int reset_kind,
                             const int by_new_current) {
    const tk_dynamics d = p->dynamics;
    const size_t steps = p->steps, stride = p->stride, words = stride / LANES, row_length = (size_t)W * LANES;
    const float *w = p->weights + column * p->sources;
    const uint32_t *offsets = p->input.offsets;
    const uint16_t *units = p->input.units;
    const float *values = p->input.values;
    for (size_t entry = 0; entry < p->entries; entry++) {
        vf j[WIDEST], v[WIDEST];
        for (int k = 0; k < W; k++) j[k] = v[k] = X(fill)(0);
        uint32_t event = offsets[entry * steps];
        float *membranes = p->membranes + entry * steps * stride + column;
        uint16_t *bits = spikes == SPIKES_NONE ? 0 : p->bits + entry * steps * words + column / LANES;
        for (size_t t = 0; t < steps; t++) {
            vi s[WIDEST];
            for (int k = 0; k < W; k++) X(store)(membranes + LANES * k, v[k]);
            for (int k = 0; k < W; k++) {
                if (spikes == SPIKES_NONE) s[k] = (vi){0};
                if (spikes == SPIKES_GIVEN) s[k] = X(unpack_bits)(bits[k]);
                if (spikes == SPIKES_MODELLED) {
                    s[k] = v[k] > X(fill)(d.threshold);
                    bits[k] = X(pack_bits)(s[k]);
                }
            }
            if (!by_new_current)
                for (int k = 0; k < W; k++) v[k] = X(advance)(&d, reset_kind, v[k], s[k], j[k]);
            for (int k = 0; k < W; k++) j[k] *= X(fill)(d.current_decay);
            const uint32_t end = offsets[entry * steps + t + 1];
            if (values) {
                for (; event < end; event++) {
                    const float *row = w + units[event] * row_length;
                    for (int k = 0; k < W; k++) j[k] += X(load)(row + LANES * k) * X(fill)(values[event]);
                }
            } else {
                for (; event < end; event++) {
                    const float *row = w + units[event] * row_length;
                    for (int k = 0; k < W; k++) j[k] += X(load)(row + LANES * k);
                }
            }
            if (by_new_current)
                for (int k = 0; k < W; k++) v[k] = X(advance)(&d, reset_kind, v[k], s[k], j[k]);
            membranes += stride;
            if (spikes != SPIKES_NONE) bits += words;
        }
    }
}

// The same for the usual layers, and for all others.
INLINE void X(forward_columns)(const tk_forward *p, size_t column, const int W) {
    const int spikes = !p->bits ? SPIKES_NONE : p->bits_given ? SPIKES_GIVEN : SPIKES_MODELLED;
    const int reset_kind = p->dynamics.reset_kind, by_new_current = p->dynamics.driven_by_new_current;
    if (spikes == SPIKES_MODELLED && reset_kind == TK_RESET_SUBTRACT && by_new_current)
        X(forward_block)(p, column, W, SPIKES_MODELLED, TK_RESET_SUBTRACT, 1);
    else if (spikes == SPIKES_GIVEN && reset_kind == TK_RESET_SUBTRACT && by_new_current)
        X(forward_block)(p, column, W, SPIKES_GIVEN, TK_RESET_SUBTRACT, 1);
    else if (spikes == SPIKES_NONE && by_new_current)
        X(forward_block)(p, column, W, SPIKES_NONE, TK_RESET_OFF, 1);
    else X(forward_block)(p, column, W, spikes, reset_kind, by_new_current);
}

static void X(forward)(const tk_forward *p) {
    for (size_t column = 0; column < p->stride; column += TK_BLOCK)
        switch (X(width)(p->stride, TK_BLOCK, column) / LANES) {
        case 4: X(forward_columns)(p, column, 4); break;
        case 3: X(forward_columns)(p, column, 3); break;
        case 2: X(forward_columns)(p, column, 2); break;
        default: X(forward_columns)(p, column, 1);
        }
}

// target += the rows of events of a bin.
INLINE void X(add_rows)(const tk_events *events, size_t bin, const float *rows, size_t stride, float *target) {
    for (uint32_t event = events->offsets[bin]; event < events->offsets[bin + 1]; event++) {
        const float *row = rows + events->units[event] * stride;
        const vf value = X(fill)(events->values ? events->values[event] : 1);
        for (size_t n = 0; n < stride; n += LANES)
            X(store)(target + n, X(load)(target + n) + X(load)(row + n) * value);
    }
}

static void X(forward_recurrent)(const tk_forward *p, float *scratch) {
    const tk_dynamics d = p->dynamics;
    const size_t steps = p->steps, stride = p->stride, words = stride / LANES;
    float *j = scratch, *v = scratch + stride;
    for (size_t entry = 0; entry < p->entries; entry++) {
        memset(scratch, 0, 2 * stride * sizeof *scratch);
        for (size_t t = 0; t < steps; t++) {
            const size_t bin = entry * steps + t;
            float *membranes = p->membranes + bin * stride;
            uint16_t *bits = p->bits + bin * words;
            memcpy(membranes, v, stride * sizeof *v);
            for (size_t n = 0; n < stride; n += LANES) {
                if (!p->bits_given) bits[n / LANES] = X(pack_bits)(X(load)(v + n) > X(fill)(d.threshold));
                const vi s = X(unpack_bits)(bits[n / LANES]);
                if (!d.driven_by_new_current) X(store)(v + n, X(advance)(&d, d.reset_kind, X(load)(v + n), s, X(load)(j + n)));
                X(store)(j + n, X(load)(j + n) * X(fill)(d.current_decay));
            }
            X(add_rows)(&p->input, bin, p->weights, stride, j);
            for (size_t word = 0; word < words; word++)
                for (unsigned rest = bits[word]; rest; rest &= rest - 1) {
                    const float *row = p->recurrent + (word * LANES + (size_t)__builtin_ctz(rest)) * stride;
                    for (size_t n = 0; n < stride; n += LANES)
                        X(store)(j + n, X(load)(j + n) + X(load)(row + n));
                }
            if (d.driven_by_new_current)
                for (size_t n = 0; n < stride; n += LANES)
                    X(store)(v + n, X(advance)(&d, d.reset_kind, X(load)(v + n), X(unpack_bits)(bits[n / LANES]), X(load)(j + n)));
        }
    }
}
