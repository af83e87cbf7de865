// Sizes for a desktop computer: the preset yinyang fits, with batches of 100 entries.
#define VOLLEY_LINKS 4
#define VOLLEY_SESSIONS 8
#define VOLLEY_FRAME_BYTES 65536
#define VOLLEY_CONTROL_BYTES 65536
#define VOLLEY_RESULTS 4
#define VOLLEY_INPUTS 64
#define VOLLEY_NEURONS 128
#define VOLLEY_SYNAPSES 8192
#define VOLLEY_ENTRIES 128
#define VOLLEY_EVENTS 512
#define VOLLEY_TRACE_BYTES 4096
