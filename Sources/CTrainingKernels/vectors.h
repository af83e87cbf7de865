// Included once per instruction set by training_kernels.c, with LEVEL naming it: loads, stores, masks.

INLINE vf X(load)(const float *p) { return *(const vf_memory *)p; }
INLINE void X(store)(float *p, vf x) { *(vf_memory *)p = x; }
// Taking 0 away leaves each number as it is, and the compiler leaves it out; adding 0 it must not.
INLINE vf X(fill)(float x) { return x - (vf){0}; }
INLINE vf X(select)(vi mask, vf yes, vf no) { return (vf)(((vi)yes & mask) | ((vi)no & ~mask)); }
INLINE vf X(magnitude)(vf x) { return (vf)((vi)x & 0x7fffffff); }

INLINE uint16_t X(pack_bits)(vi mask) {
    vmask narrow = __builtin_convertvector(mask, vmask);
    uint16_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    return bits;
}

INLINE vi X(unpack_bits)(uint16_t bits) {
    vmask narrow;
    memcpy(&narrow, &bits, sizeof bits);
    return -__builtin_convertvector(narrow, vi);
}

// Columns of the block that starts at a column.
INLINE size_t X(width)(size_t stride, size_t block, size_t column) {
    return stride - column < block ? stride - column : block;
}
