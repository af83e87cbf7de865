// The making of the pool, in double precision and with basic operations only: the same bits everywhere.
#pragma clang fp contract(off)
#include "chip_pool.h"
#include <math.h>
#include <threads.h>

static chip_pool pool;
static once_flag once = ONCE_FLAG_INIT;

// Quantiles of the normal distribution at (k + 1/2) / lines, by dw/du = 1/g and dg/du = -w, where g is the density.
static void quantiles(double *values) {
    enum { PARTS = 64 };
    double w = 0, g = 0.3989422804014326779, du = 1.0 / POOL_LINES / PARTS;
    for (int k = 0; k < POOL_LINES / 2; k++) {
        int parts = k == 0 ? PARTS / 2 : PARTS;
        for (int n = 0; n < parts; n++) {  // the midpoint rule
            double half_w = w + du / 2 / g, half_g = g - du / 2 * w;
            w += du / half_g;
            g -= du * half_w;
        }
        values[POOL_LINES / 2 + k] = w;
        values[POOL_LINES / 2 - 1 - k] = -w;
    }
}

static double product(const double (*columns)[POOL_LINES], int a, int b) {
    double sum = 0;
    for (int k = 0; k < POOL_LINES; k++) sum += columns[a][k] * columns[b][k];
    return sum / POOL_LINES;
}

static void fill(void) {
    static double columns[POOL_WIDTH][POOL_LINES];
    uint64_t counter = 0;
    for (int column = 0; column < POOL_WIDTH; column++) {
        double *values = columns[column];
        quantiles(values);
        for (int k = POOL_LINES - 1; k > 0; k--) {
            int other = (int)(chip_mix(++counter) % (uint64_t)(k + 1));
            double swap = values[k];
            values[k] = values[other];
            values[other] = swap;
        }
        for (int before = 0; before < column; before++) {
            double share = product(columns, column, before);
            for (int k = 0; k < POOL_LINES; k++) values[k] -= share * columns[before][k];
        }
        double scale = sqrt(product(columns, column, column));
        for (int k = 0; k < POOL_LINES; k++) {
            values[k] /= scale;
            pool.lines[k][column] = (float)values[k];
        }
    }
}

const chip_pool *chip_pool_shared(void) {
    call_once(&once, fill);
    return &pool;
}
