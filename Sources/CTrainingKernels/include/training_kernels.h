#pragma once
#include <stddef.h>
#include <stdint.h>

// The hot loops of training, each compiled once per instruction set; all levels give the same bits.
//
// Arrays are [entry, step, neuron]; `stride` is the padded number of neurons, a multiple of 16. Padding holds zeros
// and stays zero. A block is `vectors` times 16 neurons from `first_column`; different blocks and different entries
// may be worked on at the same time.

// Factors of a layer's recursions, see Propagators in SpikingNetworks.
typedef struct {
    float current_decay;
    float membrane_decay;
    float gain;
    float threshold;
    float reset;
    int driven_by_new_current;
    int reset_kind;
} tk_dynamics;

enum { TK_RESET_OFF = 0, TK_RESET_SUBTRACT = 1, TK_RESET_ZERO = 2 };

// Spikes by [entry, step]: those of bin i are units[offsets[i]..<offsets[i + 1]]. values may be null: all 1.
typedef struct {
    const uint32_t *offsets;
    const uint16_t *units;
    const float *values;
} tk_events;

typedef struct {
    tk_dynamics dynamics;
    size_t steps, stride;
    size_t first_entry, last_entry;
    size_t first_column, vectors;
    tk_events input;
    const float *weights;    // [source, stride]
    const float *recurrent;  // [neuron, stride], for forward_recurrent only
    float *membranes;        // out, [entry, step, stride]
    uint16_t *bits;          // [entry, step, stride / 16]: spikes; null for an integrating layer
    int bits_given;          // spikes were measured: read bits, do not write them
} tk_forward;

typedef struct {
    tk_dynamics dynamics;
    float beta;              // of SuperSpike, used when slopes is null
    int spiking;
    size_t steps, stride;
    size_t first_entry, last_entry;
    size_t first_column, vectors;
    tk_events input;
    const float *membranes;       // [entry, step, stride]
    const float *slopes;          // dS/dV, [entry, step, stride], or null
    const float *external;        // dL/dV, [entry, step, stride], or null
    const float *totals;          // dL/d(sum of S over time), [entry, stride], or null
    const uint16_t *bits;         // spikes, needed for TK_RESET_ZERO only
    size_t next_neurons, next_stride;
    const float *next_weights;    // of the next layer, transposed: [next neuron, stride]; or null
    const float *next_currents;   // dL/dI of the next layer, [entry, step, next_stride]
    float *currents;              // out: dL/dI, [entry, step, stride], or null
    float *weights;               // out: dL/dW, [source, stride], added to, or null
    // For backward_recurrent only.
    tk_events spikes;
    const float *recurrent;       // transposed: [neuron, stride]
    float *recurrent_gradient;    // out: [neuron, stride], added to, or null
    size_t neurons;
} tk_backward;

typedef struct {
    float beta1, one_minus_beta1;
    float beta2, one_minus_beta2;
    float rate;        // learning rate / (1 - beta1^step)
    float root_scale;  // 1 / sqrt(1 - beta2^step)
    float epsilon;
    float limit;       // of |w|; infinite for none
} tk_adam;

typedef struct {
    // Block-major forward pass of a layer without recurrent weights.
    void (*forward)(const tk_forward *);
    // Step-major forward pass of a layer with recurrent weights; scratch: 2 * stride floats; all columns.
    void (*forward_recurrent)(const tk_forward *, float *scratch);
    // Adjoint of forward.
    void (*backward)(const tk_backward *);
    // Adjoint of forward_recurrent; scratch: 3 * stride floats; all columns.
    void (*backward_recurrent)(const tk_backward *, float *scratch);
    // bits[row] = membranes[row] > threshold.
    void (*compare)(size_t rows, size_t stride, const float *membranes, float threshold, uint16_t *bits);
    // Adam (Kingma, Ba 2015) and a clamp to +-limit; count is a multiple of 16.
    void (*adam)(const tk_adam *, size_t count, float *w, float *m, float *v, const float *g);
    // y += factor * x; count is a multiple of 16.
    void (*add)(size_t count, float *y, const float *x, float factor);
    // Sum of squares in double precision; count is a multiple of 16.
    double (*sum_squares)(size_t count, const float *x);
    // Largest value over time and its first step, both [entry, stride].
    void (*peak)(size_t entries, size_t steps, size_t stride, const float *x, float *value, int32_t *step);
    // out[entry, step, n] = (codes[entry, step, column + n] - codes[entry, 0, column + n]) * scale.
    void (*codes)(size_t entries, size_t steps, size_t width, size_t column, size_t neurons, size_t stride,
                  const uint8_t *codes, float scale, float *out);
    // Offsets of the spikes in rows of bits, offsets[0] given; bits at and above `neurons` are ignored.
    void (*count)(size_t rows, size_t words, size_t neurons, const uint16_t *bits, uint32_t *offsets);
    // Units of the spikes in rows of bits.
    void (*gather)(size_t rows, size_t words, size_t neurons, const uint16_t *bits, uint16_t *units);
} tk_kernels;

// Highest level of this processor: 0 baseline, 1 x86-64-v3, 2 x86-64-v4.
int tk_best_level(void);

// The kernels of a level, at most tk_best_level().
const tk_kernels *tk_kernels_of(int level);

// bits[row] from events; rows is entries * steps.
void tk_scatter(size_t rows, size_t words, const tk_events *events, uint16_t *bits);

// out[column, row] = in[row, column]; padding of out is cleared.
void tk_transpose(size_t rows, size_t columns, size_t in_stride, const float *in, size_t out_stride, float *out);
