// Included once per instruction set by training_kernels.c, with LEVEL naming it.

#include "vectors.h"

#include "forward.h"

#include "backward.h"

#include "readout.h"

#include "spikes.h"

#include "update.h"

static const tk_kernels X(kernels) = {
    X(forward), X(forward_recurrent), X(backward), X(backward_recurrent), X(rows),        X(loss),    X(compare),
    X(codes),   X(count),             X(gather),   X(pack),               X(adam),        X(gradient), X(add),
    X(sum_squares), X(largest),       X(quantize),
};
