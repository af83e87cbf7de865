// Included once per instruction set by training_kernels.c: the adjoint of forward.h, the same names with a d in front,
// the statements in the opposite order.

// dS/dV of a vector of membranes.
INLINE vf X(slope)(const tk_backward *p, const int given, size_t at) {
    if (given) return X(load)(p->slopes + at);
    const vf distance = X(magnitude)(X(load)(p->membranes + at) - X(fill)(p->dynamics.threshold));
    const vf root = X(fill)(p->beta) * distance + X(fill)(1);
    return X(fill)(1) / (root * root);
}

// Adds to ds what flows back from padded x of `count` neurons through weights [neuron, stride]. Where x is not zero is hard
// to guess: it is not asked neuron by neuron.
INLINE void X(pull)(size_t count, const float *x, const float *weights, size_t stride, vf *ds, const int W) {
    for (size_t first = 0; first < count; first += LANES) {
        const unsigned valid = count - first < LANES ? (1u << (count - first)) - 1 : 0xffff;
        for (unsigned rest = X(pack_bits)(X(load)(x + first) != 0) & valid; rest; rest &= rest - 1) {
            const size_t n = first + (size_t)__builtin_ctz(rest);
            const vf factor = X(fill)(x[n]);
            const float *row = weights + n * stride;
            for (int k = 0; k < W; k++) ds[k] += factor * X(load)(row + LANES * k);
        }
    }
}

// Adjoint of advance without its reset term, which carries no gradient.
INLINE vf X(retreat)(const tk_backward *p, const int masked, vf dv, size_t bin, size_t column) {
    if (masked) {
        const vi s = X(unpack_bits)(p->bits[bin * (p->stride / LANES) + column / LANES]);
        dv = X(select)(s, X(fill)(0), dv);
    }
    return X(fill)(p->dynamics.membrane_decay) * dv;
}

// The steps at which something arrives end here: those of rows that are not zero, all if totals of the block are not.
INLINE size_t X(last_step)(const tk_backward *p, size_t entry, size_t column, const int W) {
    const size_t steps = p->steps;
    if (p->next_currents) return steps;
    if (p->totals) {
        vi any = {0};
        for (int k = 0; k < W; k++) any |= (vi)X(load)(p->totals + entry * p->stride + column + LANES * k);
        if (X(pack_bits)(any != 0)) return steps;
    }
    const uint8_t *rows = p->spiking ? p->next_rows : p->external_rows;
    size_t last = steps;
    while (rows && last > 0 && rows[entry * steps + last - 1] == TK_ROW_ZERO) last--;
    return rows ? last : 0;
}

// A block of W vectors. Whoever calls with constants gets a loop without the questions.
//
// - below: dL/dJ is wanted for the layer below.
// - masked: a spike cut the membrane off its past (TK_RESET_ZERO).
// - seen: the next layer is integrating, and its adjoint is run here.
// - by_new_current: in this layer and, if it is seen, in the next.
INLINE void X(backward_block)(const tk_backward *p, size_t column, const int W, const int spiking, const int seen,
                              const int by_new_current, const int next_by_new_current, const int below,
                              const int masked, const int given_slopes) {
    const tk_dynamics d = p->dynamics, next = p->next_dynamics;
    const size_t steps = p->steps, stride = p->stride, row_length = (size_t)W * LANES;
    const uint32_t *offsets = p->input.offsets;
    const uint16_t *units = p->input.units;
    const float *values = p->input.values;
    float *dw = p->gradient ? p->gradient + column * p->sources : 0;
    for (size_t entry = 0; entry < p->entries; entry++) {
        // dx, dy: current and membrane of an integrating next layer, seen through its weights; row: what arrives there.
        vf dj[WIDEST], dv[WIDEST], dx[WIDEST], dy[WIDEST], row[WIDEST], totals[WIDEST];
        for (int k = 0; k < W; k++) dj[k] = dv[k] = dx[k] = dy[k] = row[k] = totals[k] = X(fill)(0);
        if (p->totals)
            for (int k = 0; k < W; k++) totals[k] = X(load)(p->totals + entry * stride + column + LANES * k);
        const size_t last = X(last_step)(p, entry, column, W);
        // Without a spike before it, a step changes no weight.
        size_t first = 0;
        if (!below)
            while (first < steps && offsets[entry * steps + first] == offsets[entry * steps + first + 1]) first++;
        if (below)
            for (size_t t = last; t < steps; t++)
                memset(p->currents + (entry * steps + t) * stride + column, 0, row_length * sizeof(float));
        for (size_t t = last; t-- > first;) {
            const size_t bin = entry * steps + t, at = bin * stride + column;
            // Currents: dj is that of step t + 1, which took the spikes of step t.
            if (dw && t + 1 < steps) {
                const uint32_t end = offsets[bin + 1];
                for (uint32_t event = offsets[bin]; event < end; event++) {
                    float *target = dw + units[event] * row_length;
                    if (values) {
                        for (int k = 0; k < W; k++)
                            X(store)(target + LANES * k,
                                     X(load)(target + LANES * k) + dj[k] * X(fill)(values[event]));
                    } else {
                        for (int k = 0; k < W; k++)
                            X(store)(target + LANES * k, X(load)(target + LANES * k) + dj[k]);
                    }
                }
            }
            if (t == first && !below) break;
            for (int k = 0; k < W; k++) dj[k] *= X(fill)(d.current_decay);
            if (!by_new_current)
                for (int k = 0; k < W; k++) dj[k] += dv[k];
            for (int k = 0; k < W; k++) dv[k] = X(retreat)(p, masked, dv[k], bin, column + (size_t)(LANES * k));
            // Spikes: they act on the next layer's currents of step t + 1.
            if (spiking) {
                vf ds[WIDEST];
                for (int k = 0; k < W; k++) ds[k] = totals[k] + dx[k];
                if (!seen && p->next_currents && t + 1 < steps)
                    X(pull)(p->next_neurons, p->next_currents + (bin + 1) * p->next_stride,
                            p->next_weights + column, stride, ds, W);
                for (int k = 0; k < W; k++) dv[k] += X(slope)(p, given_slopes, at + (size_t)(LANES * k)) * ds[k];
            }
            if (!spiking)
                for (int k = 0; k < W; k++) dv[k] += X(load)(p->external + at + LANES * k);
            if (by_new_current)
                for (int k = 0; k < W; k++) dj[k] += dv[k];
            if (below)
                for (int k = 0; k < W; k++) X(store)(p->currents + at + LANES * k, dj[k]);
            if (seen) {
                for (int k = 0; k < W; k++) dx[k] *= X(fill)(next.current_decay);
                if (!next_by_new_current)
                    for (int k = 0; k < W; k++) dx[k] += dy[k];
                for (int k = 0; k < W; k++) dy[k] *= X(fill)(next.membrane_decay);
                const uint8_t kind = p->next_rows[bin];
                if (kind == TK_ROW_NEW) {
                    for (int k = 0; k < W; k++) row[k] = X(fill)(0);
                    X(pull)(p->next_neurons, p->next_external + bin * p->next_stride, p->next_weights + column,
                            stride, row, W);
                }
                if (kind != TK_ROW_ZERO)
                    for (int k = 0; k < W; k++) dy[k] += row[k];
                if (next_by_new_current)
                    for (int k = 0; k < W; k++) dx[k] += dy[k];
            }
        }
    }
}

// The same for the usual layers, and for all others.
INLINE void X(backward_columns)(const tk_backward *p, size_t column, const int W) {
    const int spiking = p->spiking, seen = p->next_rows != 0, below = p->currents != 0, slopes = p->slopes != 0;
    const int masked = p->dynamics.reset_kind == TK_RESET_ZERO && p->bits;
    const int fresh = p->dynamics.driven_by_new_current, next_fresh = p->next_dynamics.driven_by_new_current;
    if (spiking && seen && fresh && next_fresh && !below && !masked && !slopes)
        X(backward_block)(p, column, W, 1, 1, 1, 1, 0, 0, 0);
    else if (!spiking && fresh && !below) X(backward_block)(p, column, W, 0, 0, 1, 1, 0, 0, 0);
    else X(backward_block)(p, column, W, spiking, seen, fresh, next_fresh, below, masked, slopes);
}

static void X(backward)(const tk_backward *p) {
    for (size_t column = 0; column < p->stride; column += TK_BLOCK)
        switch (X(width)(p->stride, TK_BLOCK, column) / LANES) {
        case 4: X(backward_columns)(p, column, 4); break;
        case 3: X(backward_columns)(p, column, 3); break;
        case 2: X(backward_columns)(p, column, 2); break;
        default: X(backward_columns)(p, column, 1);
        }
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

// out += what flows back from x through weights [neuron, stride], for G entries, whose x and out lie apart by distances.
// Weights are read once for all of them, which takes longer than what is done with them.
INLINE void X(pull_columns)(size_t count, const float *x, size_t x_distance, const float *weights, size_t stride,
                            float *out, size_t out_distance, const int G, const int W) {
    vf sum[TK_TOGETHER][WIDEST];
    for (int g = 0; g < G; g++)
        for (int k = 0; k < W; k++) sum[g][k] = X(load)(out + (size_t)g * out_distance + LANES * k);
    for (size_t n = 0; n < count; n++) {
        const float *row = weights + n * stride;
        if (G == 1 && x[n] == 0) continue;
        for (int g = 0; g < G; g++) {
            const vf factor = X(fill)(x[(size_t)g * x_distance + n]);
            for (int k = 0; k < W; k++) sum[g][k] += factor * X(load)(row + LANES * k);
        }
    }
    for (int g = 0; g < G; g++)
        for (int k = 0; k < W; k++) X(store)(out + (size_t)g * out_distance + LANES * k, sum[g][k]);
}

INLINE void X(pull_all)(size_t count, const float *x, size_t x_distance, const float *weights, size_t stride, float *out,
                        size_t out_distance, const int G) {
    const int together = G < TILE_ENTRIES ? G : TILE_ENTRIES;
    for (int g = 0; g < G; g += together, x += (size_t)together * x_distance, out += (size_t)together * out_distance) {
        size_t n = 0;
        for (; TILE_VECTORS > 1 && n + TILE_VECTORS * LANES <= stride; n += TILE_VECTORS * LANES)
            X(pull_columns)(count, x, x_distance, weights + n, stride, out + n, out_distance, together, TILE_VECTORS);
        for (; n < stride; n += LANES)
            X(pull_columns)(count, x, x_distance, weights + n, stride, out + n, out_distance, together, 1);
    }
}

// The steps at which something arrives end here.
INLINE size_t X(last_recurrent_step)(const tk_backward *p, size_t entry) {
    size_t last = p->steps;
    if (p->next_rows && !p->totals)
        while (last > 0 && p->next_rows[entry * p->steps + last - 1] == TK_ROW_ZERO) last--;
    return last;
}

// G entries, step by step together.
INLINE void X(backward_together)(const tk_backward *p, size_t first, const int G, float *scratch) {
    const tk_dynamics d = p->dynamics, next = p->next_dynamics;
    const size_t steps = p->steps, stride = p->stride, distance = 6 * stride, currents = steps * p->next_stride;
    const int masked = d.reset_kind == TK_RESET_ZERO && p->bits;
    float *const dj = scratch, *dv = dj + stride, *ds = dv + stride, *dx = ds + stride, *dy = dx + stride, *row = dy + stride;
    memset(scratch, 0, (size_t)G * distance * sizeof *scratch);
    size_t last = 0;
    for (int g = 0; g < G; g++) {
        const size_t ends = X(last_recurrent_step)(p, first + (size_t)g);
        last = ends > last ? ends : last;
    }
    for (int g = 0; g < G && p->currents; g++)
        memset(p->currents + ((first + (size_t)g) * steps + last) * stride, 0, (steps - last) * stride * sizeof(float));
    for (size_t t = last; t-- > 0;) {
        for (int g = 0; g < G; g++) {
            const size_t entry = first + (size_t)g, bin = entry * steps + t, own = (size_t)g * distance;
            if (p->gradient && t + 1 < steps) X(add_to_rows)(&p->input, bin, p->gradient, stride, dj + own);
            if (p->recurrent_gradient && t + 1 < steps)
                X(add_to_rows)(&p->spikes, bin, p->recurrent_gradient, stride, dj + own);
            for (size_t n = 0; n < stride; n += LANES) {
                const vf total = p->totals ? X(load)(p->totals + entry * stride + n) : X(fill)(0);
                X(store)(ds + own + n, total + X(load)(dx + own + n));
            }
        }
        if (t + 1 < last) {
            if (p->next_currents)
                X(pull_all)(p->next_neurons, p->next_currents + (first * steps + t + 1) * p->next_stride, currents,
                            p->next_weights, stride, ds, distance, G);
            X(pull_all)(p->neurons, dj, distance, p->recurrent, stride, ds, distance, G);
        }
        for (int g = 0; g < G; g++) {
            const size_t bin = (first + (size_t)g) * steps + t, own = (size_t)g * distance;
            for (size_t n = 0; n < stride; n += LANES) {
                const size_t at = bin * stride + n;
                vf j = X(load)(dj + own + n) * X(fill)(d.current_decay), v = X(load)(dv + own + n);
                if (!d.driven_by_new_current) j += v;
                v = X(retreat)(p, masked, v, bin, n) + X(slope)(p, p->slopes != 0, at) * X(load)(ds + own + n);
                if (d.driven_by_new_current) j += v;
                X(store)(dj + own + n, j);
                X(store)(dv + own + n, v);
            }
            if (p->currents) memcpy(p->currents + bin * stride, dj + own, stride * sizeof *dj);
            if (!p->next_rows) continue;
            const uint8_t kind = p->next_rows[bin];
            if (kind == TK_ROW_NEW) {
                memset(row + own, 0, stride * sizeof *row);
                X(pull_all)(p->next_neurons, p->next_external + bin * p->next_stride, 0, p->next_weights, stride,
                            row + own, 0, 1);
            }
            for (size_t n = 0; n < stride; n += LANES) {
                vf x = X(load)(dx + own + n) * X(fill)(next.current_decay), y = X(load)(dy + own + n);
                if (!next.driven_by_new_current) x += y;
                y *= X(fill)(next.membrane_decay);
                if (kind != TK_ROW_ZERO) y += X(load)(row + own + n);
                if (next.driven_by_new_current) x += y;
                X(store)(dx + own + n, x);
                X(store)(dy + own + n, y);
            }
        }
    }
}

static void X(backward_recurrent)(const tk_backward *p, float *scratch) {
    size_t entry = 0;
    for (; entry + TK_TOGETHER <= p->entries; entry += TK_TOGETHER)
        X(backward_together)(p, entry, TK_TOGETHER, scratch);
    for (; entry < p->entries; entry++) X(backward_together)(p, entry, 1, scratch);
}
