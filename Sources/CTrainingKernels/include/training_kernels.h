#pragma once
#include <stddef.h>
#include <stdint.h>

// The hot loops of training, each compiled once per instruction set; all levels give the same bits.
//
// Arrays are [entry, step, neuron]; `stride` is the padded number of neurons, a multiple of 16. Padding holds zeros
// and stays zero.
//
// Packed weights are cut into blocks of TK_BLOCK columns, block after block, [source, column] within one, so that a
// block lies in one piece of memory; those of a layer with recurrent weights are one block. They are multiplied by the
// gain, which then appears nowhere else: J = gain * I stands for the current.
enum { TK_BLOCK = 64 };

// Entries that the backward pass of a recurrent layer takes at a time.
enum { TK_TOGETHER = 4 };

// Bytes of a cache line: vectors that straddle two cost a quarter of the speed.
enum { TK_LINE = 64 };

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

// Spikes by [entry, step]: those of bin i are units[offsets[i]..<offsets[i + 1]]. values may be null: all 1. Null
// offsets: no spikes given.
typedef struct {
    const uint32_t *offsets;
    const uint16_t *units;
    const float *values;
} tk_events;

// Events by entry and, within one, by tick; a tick in the low half and a unit in the high half of each. Those of entry e
// begin where those before it end and stop before ends[e]. Wanted are `units` units from `first` on, in bins of `period`
// ticks, `shift` bins later. Null ends: no events given.
typedef struct {
    const uint32_t *ends;
    const uint32_t *events;
    size_t first, units;
    uint32_t period;
    size_t shift;
} tk_trains;

// CADC codes [entry, step, width]; neuron n is column `first + n`. V = (code - code of step 0) * scale, and at least
// `raise` where the neuron spikes.
typedef struct {
    const uint8_t *codes;
    size_t width, first;
    float scale, raise;
} tk_codes;

typedef struct {
    tk_dynamics dynamics;
    size_t entries, steps, sources, stride;
    tk_events input;
    const float *weights;    // packed, times gain
    const float *recurrent;  // [neuron, stride], times gain, for forward_recurrent only
    float *membranes;        // out, [entry, step, stride]
    uint16_t *bits;          // [entry, step, stride / 16]: spikes; null for an integrating layer
    int bits_given;          // spikes were measured: read bits, do not write them
} tk_forward;

// What the adjoint of an integrating layer says about a step: nothing arrives, the row of a later step again, or one of
// its own.
enum { TK_ROW_ZERO = 0, TK_ROW_SAME = 1, TK_ROW_NEW = 2 };

typedef struct {
    tk_dynamics dynamics;
    float beta;              // of SuperSpike, used when slopes is null
    int spiking;
    size_t entries, steps, sources, neurons, stride;
    tk_events input;
    const float *membranes;       // [entry, step, stride]
    const float *slopes;          // dS/dV, [entry, step, stride], or null
    const float *external;        // dL/dV, [entry, step, stride], or null
    const uint8_t *external_rows; // TK_ROW of each [entry, step] of external
    const float *totals;          // dL/d(sum of S over time), [entry, stride], or null
    const uint16_t *bits;         // spikes, needed for TK_RESET_ZERO only
    // The next layer. Its weights are transposed, times its gain: [next neuron, stride].
    size_t next_neurons, next_stride;
    const float *next_weights;
    const float *next_currents;      // dL/dJ of a spiking next layer, [entry, step, next_stride]; else null
    tk_dynamics next_dynamics;       // of an integrating next layer, whose adjoint is run here, seen through the weights
    const float *next_external;      // dL/dV of an integrating next layer, [entry, step, next_stride]
    const uint8_t *next_rows;        // TK_ROW of each [entry, step] of next_external
    float *currents;              // out: dL/dJ, [entry, step, stride], or null
    float *gradient;              // out: dL/d(packed weights), added to, or null
    // For backward_recurrent only.
    tk_events spikes;
    const float *recurrent;       // transposed, times gain: [neuron, stride]
    float *recurrent_gradient;    // out: [neuron, stride], added to, or null
} tk_backward;

typedef struct {
    int kind;
    double scale;      // of the scores
    double weight;     // of an entry: 1 / number of entries
    double amplitude;  // penalty of (max_t V)^2, the mean over batch and units already taken
} tk_loss;

enum { TK_LOSS_NONE = 0, TK_LOSS_MAX = 1, TK_LOSS_SUM = 2 };

// What is summed up over entries.
typedef struct {
    double loss;       // with the penalty of the amplitude
    size_t correct;
} tk_score;

typedef struct {
    float beta1, one_minus_beta1;
    float beta2, one_minus_beta2;
    float rate;        // learning rate / (1 - beta1^step)
    float root_scale;  // 1 / sqrt(1 - beta2^step)
    float epsilon;
    float limit;       // of |w|; infinite for none
} tk_adam;

// Where the derivatives of a matrix of weights lie: `slices` sums, `distance` floats apart, each packed in blocks of
// `block` columns; dL/dW = factor * (their sum, first to last) + decay * w.
typedef struct {
    const float *sums;
    size_t slices, distance, block;
    size_t sources, stride;
    float factor, decay;
} tk_gradient;

typedef struct {
    // Block-major forward pass of a layer without recurrent weights.
    void (*forward)(const tk_forward *);
    // Step-major forward pass of a layer with recurrent weights; scratch: 2 * stride floats.
    void (*forward_recurrent)(const tk_forward *, float *scratch);
    // Adjoint of forward.
    void (*backward)(const tk_backward *);
    // Adjoint of forward_recurrent; scratch: 6 * TK_TOGETHER * stride floats.
    void (*backward_recurrent)(const tk_backward *, float *scratch);
    // TK_ROW of the steps of [entry, step, stride].
    void (*rows)(size_t entries, size_t steps, size_t stride, const float *x, uint8_t *rows);
    // A loss, its gradient [entry, step, stride] with its rows, and its predictions; rows and predictions may be null.
    // scratch: 4 * stride doubles. Adds to score.
    void (*loss)(const tk_loss *, size_t entries, size_t steps, size_t neurons, size_t stride, const float *readout,
                 const int32_t *labels, float *gradient, uint8_t *rows, int32_t *predictions, double *scratch,
                 tk_score *score);
    // bits[row] = membranes[row] > threshold.
    void (*compare)(size_t rows, size_t stride, const float *membranes, float threshold, uint16_t *bits);
    // Membranes of CADC codes but for the raise.
    void (*codes)(const tk_codes *, size_t entries, size_t steps, size_t neurons, size_t stride, float *out);
    // Number of spikes in rows of bits; bits at and above `neurons` are ignored.
    size_t (*count)(size_t rows, size_t words, size_t neurons, const uint16_t *bits);
    // Offsets and units of the spikes in rows of bits, likewise; offsets[0] is 0. Needs room for one unit more.
    void (*gather)(size_t rows, size_t words, size_t neurons, const uint16_t *bits, uint32_t *offsets, uint16_t *units);
    // Weights [source, stride] packed in blocks of `block` columns, times a factor.
    void (*pack)(size_t sources, size_t stride, size_t block, const float *weights, float factor, float *packed);
    // Adam (Kingma, Ba 2015) and a clamp to +-limit, of rows [first, last); returns the sum of w^2 before it.
    double (*adam)(const tk_adam *, const tk_gradient *, size_t first, size_t last, float *w, float *m, float *v);
    // dL/dW as a matrix [source, stride]; w may be null without decay.
    void (*gradient)(const tk_gradient *, const float *w, float *out);
    // y += factor * x; count is a multiple of 16.
    void (*add)(size_t count, float *y, const float *x, float factor);
    // Sum of squares in double precision; count is a multiple of 16.
    double (*sum_squares)(size_t count, const float *x);
    // Largest magnitude; count is a multiple of 16.
    float (*largest)(size_t count, const float *x);
    // round(scale * w), ties to even, clipped to +-limit, without padding: [source, neuron]. Returns how many were clipped.
    size_t (*quantize)(size_t sources, size_t neurons, size_t stride, const float *w, float scale, float limit,
                       int8_t *codes);
} tk_kernels;

// A layer in a pass.
typedef struct {
    tk_dynamics dynamics;
    size_t sources, neurons, stride;
    int spiking;
    float beta;                       // of SuperSpike
    const float *slopes;              // dS/dV of another surrogate gradient, [entry, step, stride], or null
    const float *weights;             // packed, times gain; for what is modelled
    const float *recurrent;           // [neuron, stride], times gain, or null
    const float *outgoing;            // weights transposed, times gain: [neuron, stride of the layer below]
    const float *recurrent_outgoing;  // recurrent weights transposed, times gain, or null
    // What was measured, of the whole batch.
    tk_events spikes;
    tk_trains trains;                 // spikes that are not in bins yet
    const float *membranes;           // [entry, step, stride], or null
    tk_codes codes;                   // codes null: none
    // Where a trace is to be kept, of the whole batch; null: nowhere.
    float *membranes_out;             // [entry, step, stride]
    uint16_t *bits_out;               // [entry, step, stride / 16]
    // The backward pass.
    const float *totals;              // dL/d(number of spikes), [entry, stride]; null: burst times the number
    float burst;
    float *gradient;                  // [slice, distance]: packed, then recurrent [neuron, stride]; null: not wanted
    size_t distance;
} tk_layer;

// A pass over a batch: forward, and, where there is a loss or a gradient of the readout, backward. Nothing is kept but
// what is asked for: a few entries at a time go through all of it, while what they leave is in the cache.
typedef struct {
    size_t steps, layer_count;
    const tk_layer *layers;   // the last one is the readout
    tk_events input;
    tk_trains trains;         // input spikes that are not in bins yet
    tk_loss loss;
    const int32_t *labels;
    const float *external;    // dL/dV of the readout, [entry, step, stride], without a loss; null: no backward pass
} tk_pass;

// What a slice of a batch adds up to.
typedef struct {
    tk_score score;
    size_t spikes;         // hidden ones
    double seconds[4];     // of the stages in TK_STAGE
} tk_sums;

enum { TK_STAGE_ALIGN = 0, TK_STAGE_FORWARD = 1, TK_STAGE_LOSS = 2, TK_STAGE_BACKWARD = 3 };

// Highest level of this processor: 0 baseline, 1 x86-64-v3, 2 x86-64-v4.
int tk_best_level(void);

// The kernels of a level, at most tk_best_level().
const tk_kernels *tk_kernels_of(int level);

// Bytes that tk_slice needs, beginning at a cache line.
size_t tk_scratch_size(const tk_pass *pass);

// Takes entries [first, last) through a pass. Gradients are added up from zero in slice number `slice` of each layer's.
// squares[layer]: sum over entries and neurons of (number of spikes)^2, exact.
void tk_slice(const tk_kernels *kernels, const tk_pass *pass, size_t slice, size_t first, size_t last, void *scratch,
              tk_sums *sums, uint64_t *squares);

// The bins of `entries` entries from `first` on, as tk_events has them; what comes after the last step is left out.
// last_bins: room for each unit; units: room for one more than come.
void tk_bin(const tk_trains *trains, size_t first, size_t entries, size_t steps, uint32_t *last_bins, uint32_t *offsets,
            uint16_t *units);

// bits[row] from events; rows is entries * steps.
void tk_scatter(size_t rows, size_t words, const tk_events *events, uint16_t *bits);

// out[column, row] = factor * in[row, column]; padding of out is cleared.
void tk_transpose(size_t rows, size_t columns, size_t in_stride, const float *in, float factor, size_t out_stride,
                  float *out);
