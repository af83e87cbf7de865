// Included once per instruction set by training_kernels.c, with LEVEL naming it. Forward and backward are twins:
// the same names with a d in front, the statements in the opposite order.

INLINE vf X(load)(const float *p) { return *(const vf_memory *)p; }
INLINE void X(store)(float *p, vf x) { *(vf_memory *)p = x; }
INLINE vf X(fill)(float x) { return (vf){0} + x; }
INLINE vf X(select)(vi mask, vf yes, vf no) { return (vf)(((vi)yes & mask) | ((vi)no & ~mask)); }

INLINE uint16_t X(pack)(vi mask) {
    vmask narrow = __builtin_convertvector(mask, vmask);
    uint16_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    return bits;
}

INLINE vi X(unpack)(uint16_t bits) {
    vmask narrow;
    memcpy(&narrow, &bits, sizeof bits);
    return -__builtin_convertvector(narrow, vi);
}

// The membrane of the next step, from that of this step, its spikes and the current that drives it.
INLINE vf X(advance)(const tk_dynamics *d, vf v, vi s, vf current) {
    vf drive = X(fill)(d->gain) * current;
    if (d->reset_kind == TK_RESET_ZERO) v = X(select)(s, X(fill)(d->reset), v);
    v = X(fill)(d->membrane_decay) * v + drive;
    if (d->reset_kind == TK_RESET_SUBTRACT)
        v -= (vf)((vi)X(fill)(d->threshold - d->reset) & s);
    return v;
}

INLINE void X(forward_block)(const tk_forward *p, size_t column, const int W) {
    const tk_dynamics d = p->dynamics;
    const size_t steps = p->steps, stride = p->stride, words = stride / LANES;
    const float *w = p->weights + column;
    for (size_t entry = p->first_entry; entry < p->last_entry; entry++) {
        vf i[W], v[W];
        for (int k = 0; k < W; k++) i[k] = v[k] = X(fill)(0);
        for (size_t t = 0; t < steps; t++) {
            const size_t bin = entry * steps + t;
            float *membranes = p->membranes + bin * stride + column;
            uint16_t *bits = p->bits ? p->bits + bin * words + column / LANES : 0;
            vi s[W];
            for (int k = 0; k < W; k++) X(store)(membranes + LANES * k, v[k]);
            for (int k = 0; k < W; k++) s[k] = (vi){0};
            if (p->bits_given) {
                for (int k = 0; k < W; k++) s[k] = X(unpack)(bits[k]);
            } else if (p->bits) {
                for (int k = 0; k < W; k++) {
                    s[k] = v[k] > X(fill)(d.threshold);
                    bits[k] = X(pack)(s[k]);
                }
            }
            if (!d.driven_by_new_current)
                for (int k = 0; k < W; k++) v[k] = X(advance)(&d, v[k], s[k], i[k]);
            for (int k = 0; k < W; k++) i[k] *= X(fill)(d.current_decay);
            const uint32_t end = p->input.offsets[bin + 1];
            for (uint32_t event = p->input.offsets[bin]; event < end; event++) {
                const float *row = w + p->input.units[event] * stride;
                if (p->input.values) {
                    const vf value = X(fill)(p->input.values[event]);
                    for (int k = 0; k < W; k++) i[k] += X(load)(row + LANES * k) * value;
                } else {
                    for (int k = 0; k < W; k++) i[k] += X(load)(row + LANES * k);
                }
            }
            if (d.driven_by_new_current)
                for (int k = 0; k < W; k++) v[k] = X(advance)(&d, v[k], s[k], i[k]);
        }
    }
}

static void X(forward)(const tk_forward *p) {
    size_t column = p->first_column;
    const size_t end = column + p->vectors * LANES;
    for (; column + 4 * LANES <= end; column += 4 * LANES) X(forward_block)(p, column, 4);
    if (column + 2 * LANES <= end) {
        X(forward_block)(p, column, 2);
        column += 2 * LANES;
    }
    if (column < end) X(forward_block)(p, column, 1);
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
    float *i = scratch, *v = scratch + stride;
    for (size_t entry = p->first_entry; entry < p->last_entry; entry++) {
        memset(scratch, 0, 2 * stride * sizeof *scratch);
        for (size_t t = 0; t < steps; t++) {
            const size_t bin = entry * steps + t;
            float *membranes = p->membranes + bin * stride;
            uint16_t *bits = p->bits + bin * words;
            memcpy(membranes, v, stride * sizeof *v);
            for (size_t n = 0; n < stride; n += LANES) {
                if (!p->bits_given) bits[n / LANES] = X(pack)(X(load)(v + n) > X(fill)(d.threshold));
                if (!d.driven_by_new_current)
                    X(store)(v + n, X(advance)(&d, X(load)(v + n), X(unpack)(bits[n / LANES]), X(load)(i + n)));
                X(store)(i + n, X(load)(i + n) * X(fill)(d.current_decay));
            }
            X(add_rows)(&p->input, bin, p->weights, stride, i);
            for (size_t word = 0; word < words; word++)
                for (unsigned rest = bits[word]; rest; rest &= rest - 1) {
                    const float *row = p->recurrent + (word * LANES + (size_t)__builtin_ctz(rest)) * stride;
                    for (size_t n = 0; n < stride; n += LANES)
                        X(store)(i + n, X(load)(i + n) + X(load)(row + n));
                }
            if (d.driven_by_new_current)
                for (size_t n = 0; n < stride; n += LANES)
                    X(store)(v + n, X(advance)(&d, X(load)(v + n), X(unpack)(bits[n / LANES]), X(load)(i + n)));
        }
    }
}

// dS/dV of a vector of membranes.
INLINE vf X(slope)(const tk_backward *p, size_t at) {
    if (p->slopes) return X(load)(p->slopes + at);
    vf distance = X(load)(p->membranes + at) - X(fill)(p->dynamics.threshold);
    distance = (vf)((vi)distance & 0x7fffffff);
    const vf root = X(fill)(p->beta) * distance + X(fill)(1);
    return X(fill)(1) / (root * root);
}

// Adds to ds what flows back from the currents x of `count` neurons through weights [neuron, stride].
INLINE void X(pull)(size_t count, const float *x, const float *weights, size_t stride, vf *ds, const int W) {
    for (size_t j = 0; j < count; j++) {
        if (x[j] == 0) continue;
        const vf factor = X(fill)(x[j]);
        const float *row = weights + j * stride;
        for (int k = 0; k < W; k++) ds[k] += factor * X(load)(row + LANES * k);
    }
}

// Adjoint of advance without its reset term, which carries no gradient.
INLINE vf X(retreat)(const tk_backward *p, vf dv, size_t bin, size_t column) {
    dv *= X(fill)(p->dynamics.membrane_decay);
    if (p->dynamics.reset_kind == TK_RESET_ZERO && p->bits)
        dv = (vf)((vi)dv & ~X(unpack)(p->bits[bin * (p->stride / LANES) + column / LANES]));
    return dv;
}

INLINE void X(backward_block)(const tk_backward *p, size_t column, const int W) {
    const tk_dynamics d = p->dynamics;
    const size_t steps = p->steps, stride = p->stride;
    for (size_t entry = p->first_entry; entry < p->last_entry; entry++) {
        vf di[W], dv[W];
        for (int k = 0; k < W; k++) di[k] = dv[k] = X(fill)(0);
        for (size_t t = steps; t-- > 0;) {
            const size_t bin = entry * steps + t, at = bin * stride + column;
            // Currents: di is that of step t + 1, which took the spikes of step t.
            if (p->weights && t + 1 < steps) {
                const uint32_t end = p->input.offsets[bin + 1];
                for (uint32_t event = p->input.offsets[bin]; event < end; event++) {
                    float *row = p->weights + p->input.units[event] * stride + column;
                    if (p->input.values) {
                        const vf value = X(fill)(p->input.values[event]);
                        for (int k = 0; k < W; k++)
                            X(store)(row + LANES * k, X(load)(row + LANES * k) + di[k] * value);
                    } else {
                        for (int k = 0; k < W; k++)
                            X(store)(row + LANES * k, X(load)(row + LANES * k) + di[k]);
                    }
                }
            }
            for (int k = 0; k < W; k++) di[k] *= X(fill)(d.current_decay);
            if (!d.driven_by_new_current)
                for (int k = 0; k < W; k++) di[k] += X(fill)(d.gain) * dv[k];
            for (int k = 0; k < W; k++) dv[k] = X(retreat)(p, dv[k], bin, column + (size_t)(LANES * k));
            // Spikes: they act on the next layer's currents of step t + 1.
            if (p->spiking) {
                vf ds[W];
                for (int k = 0; k < W; k++)
                    ds[k] = p->totals ? X(load)(p->totals + entry * stride + column + LANES * k) : X(fill)(0);
                if (p->next_weights && t + 1 < steps)
                    X(pull)(p->next_neurons, p->next_currents + (bin + 1) * p->next_stride,
                            p->next_weights + column, stride, ds, W);
                for (int k = 0; k < W; k++) dv[k] += X(slope)(p, at + (size_t)(LANES * k)) * ds[k];
            }
            if (p->external)
                for (int k = 0; k < W; k++) dv[k] += X(load)(p->external + at + LANES * k);
            if (d.driven_by_new_current)
                for (int k = 0; k < W; k++) di[k] += X(fill)(d.gain) * dv[k];
            if (p->currents)
                for (int k = 0; k < W; k++) X(store)(p->currents + at + LANES * k, di[k]);
        }
    }
}

static void X(backward)(const tk_backward *p) {
    size_t column = p->first_column;
    const size_t end = column + p->vectors * LANES;
    for (; column + 4 * LANES <= end; column += 4 * LANES) X(backward_block)(p, column, 4);
    if (column + 2 * LANES <= end) {
        X(backward_block)(p, column, 2);
        column += 2 * LANES;
    }
    if (column < end) X(backward_block)(p, column, 1);
}

// The rows of events of a bin += x.
INLINE void X(add_to_rows)(const tk_events *events, size_t bin, float *rows, size_t stride, const float *x) {
    for (uint32_t event = events->offsets[bin]; event < events->offsets[bin + 1]; event++) {
        float *row = rows + events->units[event] * stride;
        const vf value = X(fill)(events->values ? events->values[event] : 1);
        for (size_t n = 0; n < stride; n += LANES)
            X(store)(row + n, X(load)(row + n) + X(load)(x + n) * value);
    }
}

static void X(backward_recurrent)(const tk_backward *p, float *scratch) {
    const tk_dynamics d = p->dynamics;
    const size_t steps = p->steps, stride = p->stride;
    float *di = scratch, *dv = scratch + stride, *ds = scratch + 2 * stride;
    for (size_t entry = p->first_entry; entry < p->last_entry; entry++) {
        memset(scratch, 0, 2 * stride * sizeof *scratch);
        for (size_t t = steps; t-- > 0;) {
            const size_t bin = entry * steps + t;
            if (p->weights && t + 1 < steps) X(add_to_rows)(&p->input, bin, p->weights, stride, di);
            if (p->recurrent_gradient && t + 1 < steps)
                X(add_to_rows)(&p->spikes, bin, p->recurrent_gradient, stride, di);
            for (size_t n = 0; n < stride; n += LANES) {
                vf sum = p->totals ? X(load)(p->totals + entry * stride + n) : X(fill)(0);
                if (t + 1 < steps) {
                    if (p->next_weights)
                        X(pull)(p->next_neurons, p->next_currents + (bin + 1) * p->next_stride,
                                p->next_weights + n, stride, &sum, 1);
                    X(pull)(p->neurons, di, p->recurrent + n, stride, &sum, 1);
                }
                X(store)(ds + n, sum);
            }
            for (size_t n = 0; n < stride; n += LANES) {
                const size_t at = bin * stride + n;
                vf i = X(load)(di + n) * X(fill)(d.current_decay), v = X(load)(dv + n);
                if (!d.driven_by_new_current) i += X(fill)(d.gain) * v;
                v = X(retreat)(p, v, bin, n) + X(slope)(p, at) * X(load)(ds + n);
                if (p->external) v += X(load)(p->external + at);
                if (d.driven_by_new_current) i += X(fill)(d.gain) * v;
                X(store)(di + n, i);
                X(store)(dv + n, v);
            }
            if (p->currents) memcpy(p->currents + bin * stride, di, stride * sizeof *di);
        }
    }
}

static void X(compare)(size_t rows, size_t stride, const float *membranes, float threshold, uint16_t *bits) {
    for (size_t n = 0; n < rows * stride; n += LANES)
        bits[n / LANES] = X(pack)(X(load)(membranes + n) > X(fill)(threshold));
}

static void X(adam)(const tk_adam *p, size_t count, float *w, float *m, float *v, const float *g) {
    for (size_t n = 0; n < count; n += LANES) {
        const vf gradient = X(load)(g + n);
        const vf first = X(fill)(p->beta1) * X(load)(m + n) + X(fill)(p->one_minus_beta1) * gradient;
        const vf second = X(fill)(p->beta2) * X(load)(v + n) + X(fill)(p->one_minus_beta2) * gradient * gradient;
        const vf root = __builtin_elementwise_sqrt(second) * X(fill)(p->root_scale) + X(fill)(p->epsilon);
        vf weight = X(load)(w + n) - X(fill)(p->rate) * first / root;
        weight = X(select)(weight > X(fill)(p->limit), X(fill)(p->limit), weight);
        weight = X(select)(weight < X(fill)(-p->limit), X(fill)(-p->limit), weight);
        X(store)(m + n, first);
        X(store)(v + n, second);
        X(store)(w + n, weight);
    }
}

static void X(add)(size_t count, float *y, const float *x, float factor) {
    for (size_t n = 0; n < count; n += LANES)
        X(store)(y + n, X(load)(y + n) + X(fill)(factor) * X(load)(x + n));
}

static double X(sum_squares)(size_t count, const float *x) {
    vd sum = {0};
    for (size_t n = 0; n < count; n += LANES) {
        const vd value = __builtin_convertvector(X(load)(x + n), vd);
        sum += value * value;
    }
    double total = 0;
    for (int k = 0; k < LANES; k++) total += sum[k];
    return total;
}

static void X(peak)(size_t entries, size_t steps, size_t stride, const float *x, float *value, int32_t *step) {
    for (size_t entry = 0; entry < entries; entry++)
        for (size_t n = 0; n < stride; n += LANES) {
            const float *series = x + entry * steps * stride + n;
            vf best = X(load)(series);
            vi at = {0};
            for (size_t t = 1; t < steps; t++) {
                const vf now = X(load)(series + t * stride);
                const vi higher = now > best;
                best = X(select)(higher, now, best);
                at = (higher & (int32_t)t) | (~higher & at);
            }
            X(store)(value + entry * stride + n, best);
            *(vi_memory *)(step + entry * stride + n) = at;
        }
}

static void X(codes)(size_t entries, size_t steps, size_t width, size_t column, size_t neurons, size_t stride,
                     const uint8_t *codes, float scale, float *out) {
    const size_t whole = neurons / LANES * LANES;
    for (size_t entry = 0; entry < entries; entry++) {
        const uint8_t *first = codes + entry * steps * width + column;
        for (size_t t = 0; t < steps; t++) {
            const uint8_t *row = first + t * width;
            float *o = out + (entry * steps + t) * stride;
            for (size_t n = 0; n < whole; n += LANES) {
                const vi code = __builtin_convertvector(*(const vb_memory *)(row + n), vi);
                const vi base = __builtin_convertvector(*(const vb_memory *)(first + n), vi);
                X(store)(o + n, __builtin_convertvector(code - base, vf) * X(fill)(scale));
            }
            for (size_t n = whole; n < neurons; n++) o[n] = (float)(row[n] - first[n]) * scale;
            for (size_t n = neurons; n < stride; n++) o[n] = 0;
        }
    }
}

// Bits of a word that belong to neurons, not to padding.
INLINE unsigned X(real)(size_t word, size_t neurons) {
    const size_t start = word * LANES;
    if (start >= neurons) return 0;
    return neurons - start >= LANES ? 0xffffu : (1u << (neurons - start)) - 1u;
}

static void X(count)(size_t rows, size_t words, size_t neurons, const uint16_t *bits, uint32_t *offsets) {
    for (size_t row = 0; row < rows; row++) {
        uint32_t count = 0;
        for (size_t word = 0; word < words; word++)
            count += (uint32_t)__builtin_popcount(bits[row * words + word] & X(real)(word, neurons));
        offsets[row + 1] = offsets[row] + count;
    }
}

static void X(gather)(size_t rows, size_t words, size_t neurons, const uint16_t *bits, uint16_t *units) {
    for (size_t row = 0; row < rows; row++)
        for (size_t word = 0; word < words; word++)
            for (unsigned rest = bits[row * words + word] & X(real)(word, neurons); rest; rest &= rest - 1)
                *units++ = (uint16_t)(word * LANES + (size_t)__builtin_ctz(rest));
}

static const tk_kernels X(kernels) = {
    X(forward), X(forward_recurrent), X(backward), X(backward_recurrent), X(compare), X(adam), X(add),
    X(sum_squares), X(peak), X(codes), X(count), X(gather),
};
