// Included once per instruction set by training_kernels.c: weights, their gradients, and their codes.

static void X(pack)(size_t sources, size_t stride, size_t block, const float *weights, float factor, float *packed) {
    for (size_t column = 0; column < stride; column += block) {
        const size_t width = X(width)(stride, block, column);
        for (size_t source = 0; source < sources; source++)
            for (size_t n = 0; n < width; n += LANES, packed += LANES)
                X(store)(packed, X(load)(weights + source * stride + column + n) * X(fill)(factor));
    }
}

// dL/dW of 16 weights; `place` is where they are in a packed sum.
INLINE vf X(derivative)(const tk_gradient *p, size_t place, vf w) {
    const float *sums = p->sums + place;
    vf sum = X(load)(sums);
    for (size_t slice = 1; slice < p->slices; slice++) sum += X(load)(sums + slice * p->distance);
    return X(fill)(p->factor) * sum + X(fill)(p->decay) * w;
}

static void X(gradient)(const tk_gradient *p, const float *w, float *out) {
    size_t place = 0;
    for (size_t column = 0; column < p->stride; column += p->block) {
        const size_t width = X(width)(p->stride, p->block, column);
        for (size_t source = 0; source < p->sources; source++)
            for (size_t n = 0; n < width; n += LANES, place += LANES) {
                const size_t at = source * p->stride + column + n;
                X(store)(out + at, X(derivative)(p, place, w ? X(load)(w + at) : X(fill)(0)));
            }
    }
}

static double X(adam)(const tk_adam *p, const tk_gradient *gradient, size_t first, size_t last, float *w, float *m,
                      float *v) {
    const size_t stride = gradient->stride;
    vd squares = {0};
    for (size_t column = 0; column < stride; column += gradient->block) {
        const size_t width = X(width)(stride, gradient->block, column);
        for (size_t source = first; source < last; source++)
            for (size_t n = 0; n < width; n += LANES) {
                const size_t at = source * stride + column + n;
                vf weight = X(load)(w + at);
                const vd wide = __builtin_convertvector(weight, vd);
                squares += wide * wide;
                const vf g = X(derivative)(gradient, column * gradient->sources + source * width + n, weight);
                const vf mean = X(fill)(p->beta1) * X(load)(m + at) + X(fill)(p->one_minus_beta1) * g;
                const vf square = X(fill)(p->beta2) * X(load)(v + at) + X(fill)(p->one_minus_beta2) * g * g;
                const vf root = __builtin_elementwise_sqrt(square) * X(fill)(p->root_scale) + X(fill)(p->epsilon);
                weight -= X(fill)(p->rate) * mean / root;
                weight = X(select)(weight > X(fill)(p->limit), X(fill)(p->limit), weight);
                weight = X(select)(weight < X(fill)(-p->limit), X(fill)(-p->limit), weight);
                X(store)(m + at, mean);
                X(store)(v + at, square);
                X(store)(w + at, weight);
            }
    }
    double total = 0;
    for (int k = 0; k < LANES; k++) total += squares[k];
    return total;
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

static float X(largest)(size_t count, const float *x) {
    vf most = {0};
    for (size_t n = 0; n < count; n += LANES) {
        const vf value = X(magnitude)(X(load)(x + n));
        most = X(select)(value > most, value, most);
    }
    float largest = 0;
    for (int k = 0; k < LANES; k++) largest = most[k] > largest ? most[k] : largest;
    return largest;
}

static size_t X(quantize)(size_t sources, size_t neurons, size_t stride, const float *w, float scale, float limit,
                          int8_t *codes) {
    size_t clipped = 0;
    for (size_t source = 0; source < sources; source++) {
        vi beyond = {0};
        for (size_t n = 0; n < neurons; n += LANES) {
            // Adding and taking away 1.5 * 2^23 rounds to the nearest whole number, ties to even.
            vf code = (X(load)(w + source * stride + n) * X(fill)(scale) + X(fill)(12582912)) - X(fill)(12582912);
            const vi above = code > X(fill)(limit), below = code < X(fill)(-limit);
            code = X(select)(above, X(fill)(limit), code);
            code = X(select)(below, X(fill)(-limit), code);
            beyond -= above | below;
            const vc narrow = __builtin_convertvector(__builtin_convertvector(code, vi), vc);
            memcpy(codes + source * neurons + n, &narrow, neurons - n < LANES ? neurons - n : LANES);
        }
        for (int k = 0; k < LANES; k++) clipped += (size_t)beyond[k];
    }
    return clipped;
}
