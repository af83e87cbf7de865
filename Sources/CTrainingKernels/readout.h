// Included once per instruction set by training_kernels.c: losses of the readout and the shape of their gradients.

static void X(rows)(size_t entries, size_t steps, size_t stride, const float *x, uint8_t *rows) {
    for (size_t entry = 0; entry < entries; entry++) {
        const float *before = 0;
        for (size_t t = steps; t-- > 0;) {
            const float *row = x + (entry * steps + t) * stride;
            vi any = {0}, other = {0};
            for (size_t n = 0; n < stride; n += LANES) {
                any |= X(load)(row + n) != 0;
                if (before) other |= X(load)(row + n) != X(load)(before + n);
            }
            uint8_t kind = TK_ROW_ZERO;
            if (X(pack_bits)(any)) {
                kind = before && !X(pack_bits)(other) ? TK_ROW_SAME : TK_ROW_NEW;
                before = row;
            }
            rows[entry * steps + t] = kind;
        }
    }
}

// Score of each neuron of an entry, and for the maximum its first step.
INLINE void X(pool)(int kind, size_t steps, size_t stride, size_t n, const float *series, vf *score, vi *step) {
    vf best = X(load)(series + n);
    vi at = {0};
    for (size_t t = 1; t < steps; t++) {
        const vf now = X(load)(series + t * stride + n);
        if (kind == TK_LOSS_SUM) {
            best += now;
        } else {
            const vi higher = now > best;
            best = X(select)(higher, now, best);
            at = (higher & (int32_t)t) | (~higher & at);
        }
    }
    *score = best;
    *step = at;
}

// exp(x) for x <= 0 within 2 units in the last place, 0 below -708.
INLINE vd X(exponential)(vd x) {
    const vd shift = (vd){0} + 0x1.8p52;
    const vl low = x < -708;
    x = (vd)(((vl)x & ~low));
    // x = k ln 2 + r with |r| <= ln 2 / 2; ln 2 in two parts so that k ln 2 is exact in the first.
    const vd shifted = x * 1.4426950408889634 + shift, k = shifted - shift;
    const vd r = (x - k * 0x1.62e42fee00000p-1) - k * 0x1.a39ef35793c76p-33;
    static const double inverse_factorials[] = {
        1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
        1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1, 1};
    vd sum = (vd){0} + 1.0 / 87178291200;
    for (int n = 0; n < 14; n++) sum = sum * r + inverse_factorials[n];
    // shifted holds k in its lowest bits.
    const vl power = ((vl)shifted + 1023) << 52;
    return (vd)((vl)(sum * (vd)power) & ~low);
}

// The natural logarithm of x >= 1 within 2 units in the last place.
INLINE double X(logarithm)(double x) {
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    double exponent = (double)((bits >> 52) - 1023), mantissa;
    bits = (bits & 0xfffffffffffff) | 0x3ff0000000000000;
    memcpy(&mantissa, &bits, sizeof mantissa);
    if (mantissa > 1.4142135623730951) {
        mantissa /= 2;
        exponent += 1;
    }
    // ln m = 2 artanh(z), z = (m - 1) / (m + 1), |z| <= 0.172.
    const double z = (mantissa - 1) / (mantissa + 1), square = z * z;
    static const double odd[] = {1.0 / 23, 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7,
                                 1.0 / 5, 1.0 / 3};
    double sum = 0;
    for (int n = 0; n < 11; n++) sum = (sum + odd[n]) * square;
    return exponent * 0x1.62e42fee00000p-1 + (exponent * 0x1.a39ef35793c76p-33 + (2 * z + 2 * z * sum));
}

// Adds the penalty of an entry's amplitude, amplitude * sum of (max_t V)^2, and its gradient; leaves the peaks.
static void X(amplify)(const tk_loss *p, size_t steps, size_t neurons, size_t stride, const float *series,
                       float *scores, int32_t *peaks, float *g, tk_score *total) {
    for (size_t n = 0; n < stride; n += LANES) {
        vf peak;
        vi step;
        X(pool)(TK_LOSS_MAX, steps, stride, n, series, &peak, &step);
        X(store)(scores + n, peak);
        *(vi_memory *)(peaks + n) = step;
    }
    for (size_t n = 0; n < neurons; n++) {
        total->loss += p->amplitude * (double)scores[n] * (double)scores[n];
        g[(size_t)peaks[n] * stride + n] += (float)(2 * p->amplitude) * scores[n];
    }
}

// Negative log-likelihood of a softmax of scale * score, and its gradient with respect to the readout.
static void X(loss)(const tk_loss *p, size_t entries, size_t steps, size_t neurons, size_t stride,
                    const float *readout, const int32_t *labels, float *gradient, uint8_t *rows,
                    int32_t *predictions, double *scratch, tk_score *total) {
    float *scores = (float *)scratch, *slopes = scores + stride;
    int32_t *peaks = (int32_t *)(scratch + stride);
    double *exponentials = scratch + 2 * stride;
    const double factor = p->scale * p->weight;
    for (size_t entry = 0; entry < entries; entry++) {
        const float *series = readout + entry * steps * stride;
        float *g = gradient + entry * steps * stride;
        for (size_t n = 0; n < stride; n += LANES) {
            vf score;
            vi step;
            X(pool)(p->kind, steps, stride, n, series, &score, &step);
            X(store)(scores + n, score);
            *(vi_memory *)(peaks + n) = step;
        }
        size_t best = 0;
        for (size_t n = 1; n < neurons; n++)
            if (scores[n] > scores[best]) best = n;
        const double highest = p->scale * (double)scores[best];
        for (size_t n = 0; n < stride; n += LANES)
            *(vd_memory *)(exponentials + n) =
                X(exponential)(__builtin_convertvector(X(load)(scores + n), vd) * p->scale - highest);
        double sum = 0;
        for (size_t n = 0; n < neurons; n++) sum += exponentials[n];
        const size_t label = (size_t)labels[entry];
        total->loss += (X(logarithm)(sum) + highest - p->scale * (double)scores[label]) * p->weight;
        total->correct += best == label;
        if (predictions) predictions[entry] = (int32_t)best;
        const double inverse = 1 / sum;
        for (size_t n = 0; n < stride; n++) slopes[n] = 0;
        for (size_t n = 0; n < neurons; n++)
            slopes[n] = (float)((exponentials[n] * inverse - (n == label ? 1.0 : 0.0)) * factor);
        if (p->kind == TK_LOSS_SUM) {
            for (size_t t = 0; t < steps; t++) memcpy(g + t * stride, slopes, stride * sizeof *g);
        } else {
            memset(g, 0, steps * stride * sizeof *g);
            for (size_t n = 0; n < neurons; n++) g[(size_t)peaks[n] * stride + n] = slopes[n];
        }
        if (p->amplitude != 0) X(amplify)(p, steps, neurons, stride, series, scores, peaks, g, total);
        if (!rows) continue;
        if (p->kind == TK_LOSS_SUM) {
            X(rows)(1, steps, stride, g, rows + entry * steps);
        } else {
            // Only peaks have a gradient, and the amplitude has the same.
            memset(rows + entry * steps, TK_ROW_ZERO, steps);
            for (size_t n = 0; n < neurons; n++) rows[entry * steps + (size_t)peaks[n]] = TK_ROW_NEW;
        }
    }
}
