// The device's side of VP/1 (protocol/SPEC.md): bytes in, bytes out, a clock. Nothing blocks and nothing is allocated.
//
// Make one `struct volley_device` (static: it is large), call `volley_start`, and then from one thread, in any order
// and as often as there is something to do:
//
//     volley_link_open        a carrier is there: the port was opened, the USB link was reset
//     volley_receive          bytes have come
//     volley_transmit         what has to be sent next; volley_transmitted when it was
//     volley_work             lets the chip go on
//     volley_tick             time passes; at least ten times a second
//
// Times are milliseconds of any clock that never goes back.
#ifndef VOLLEY_DEVICE_H
#define VOLLEY_DEVICE_H

#include "volley_chip.h"
#include "volley_wire.h"

/// How a carrier delivers.
enum volley_carrier {
    /// As a stream: frames back to back, as over a serial line or pipes. After an error the stream cannot be trusted,
    /// and the link is deaf until `volley_link_open`.
    VOLLEY_STREAM,
    /// Frame by frame, each ended with `volley_receive_end`, as USB transfers or datagrams are.
    VOLLEY_FRAMES
};

/// Who the device is in this start.
struct volley_identity {
    /// Of the chip; the same for ever.
    uint64_t serial;
    /// Another number at each start.
    uint64_t boot;
    /// Counts the starts, from a place that survives them; tokens of leases grow with it (LSE-003).
    uint16_t start_number;
    /// Random bytes, from which sessions are named.
    uint8_t secret[32];
};

// From here to the functions: the device's inside. Tests and debuggers may look, nobody else has to.

enum { VOLLEY_HEADER_BYTES = 64, VOLLEY_TRAILER_BYTES = 4 };

/// The fields of a header that are used after it was checked.
struct volley_header {
    uint8_t type, flags, channel;
    uint16_t fragment, fragments, status;
    uint32_t length, token, total, deadline;
    uint64_t session, sequence, request;
};

/// The limits that both sides of a link keep.
struct volley_limits {
    uint32_t frame, message, control, slots, results;
};

/// A message of a channel that is being put together from fragments.
struct volley_assembly {
    bool is_open;
    struct volley_header first;
    uint16_t next_fragment;
    uint32_t length;
};

enum volley_link_state {
    VOLLEY_LINK_CLOSED,
    /// Open, without HELLO.
    VOLLEY_LINK_NEW,
    VOLLEY_LINK_GREETED,
    VOLLEY_LINK_OPEN,
    /// A stream after an error: input is thrown away.
    VOLLEY_LINK_DEAF
};

/// What comes next in a link's input.
enum volley_input_state { VOLLEY_IN_HEADER, VOLLEY_IN_PAYLOAD, VOLLEY_IN_TRAILER, VOLLEY_IN_WHOLE, VOLLEY_IN_REST };

/// A chunk of a result on its way: the job, and what of the chunk is sent.
struct volley_stream {
    int8_t job;
    bool is_duplicate;
    uint32_t chunk, offset;
    uint64_t request;
};

/// A carrier, with a frame of input, a frame of output, and a message for each channel.
struct volley_link {
    enum volley_link_state state;
    enum volley_carrier carrier;
    int8_t session;
    uint64_t heard, last_request;
    struct volley_limits limits;
    // Input.
    enum volley_input_state input;
    uint32_t filled, payload_crc;
    struct volley_header header;
    /// The frame's number was seen; the frame is none that a link without HELLO may send.
    bool is_repeated, is_stranger;
    uint64_t next_sequence;
    struct volley_assembly assemblies[2];
    uint8_t header_bytes[VOLLEY_HEADER_BYTES + VOLLEY_TRAILER_BYTES];
    uint8_t control[VOLLEY_CONTROL_BYTES];
    uint8_t bulk[VOLLEY_BULK_BYTES];
    // Output.
    uint64_t sent_sequence;
    bool owes_goaway, result_is_next;
    struct volley_stream stream;
    uint32_t output_start, output_frame_end, output_end;
    // Behind the longest frame there is always room for an ERROR.
    uint8_t output[2 * (VOLLEY_HEADER_BYTES + VOLLEY_TRAILER_BYTES) + VOLLEY_FRAME_BYTES + 256];
};

/// A host over several links (SPEC section 10.2).
struct volley_session {
    bool is_used;
    /// Its link, or -1.
    int8_t link;
    uint64_t id, heard, last_request, credit_granted, credit_used;
    uint8_t token[16], run[16];
    char label[VOLLEY_LABEL_BYTES + 1];
    /// Stages by slot, or -1.
    int8_t slots[VOLLEY_SLOTS];
};

/// The right to write (SPEC section 10.3). The token outlives the lease.
struct volley_lease {
    /// The holder, or -1.
    int8_t session;
    uint32_t token;
    uint64_t since, until, ttl;
};

/// A held configuration, with the number of its users.
struct volley_held_configuration {
    uint8_t users;
    struct volley_configuration value;
};

/// A held weight image, with the number of its users.
struct volley_image {
    uint8_t users;
    uint32_t epoch, crc;
    int8_t codes[VOLLEY_SYNAPSES];
};

/// A spike block of inputs as it came.
struct volley_stage {
    bool is_used;
    uint32_t length, entries, events;
    uint8_t block[VOLLEY_STAGE_BYTES - 8];
};

enum volley_job_state {
    VOLLEY_JOB_FREE,
    VOLLEY_JOB_QUEUED,
    VOLLEY_JOB_RUNNING,
    VOLLEY_JOB_DONE,
    /// Without a result; its host has yet to be told why.
    VOLLEY_JOB_ENDING,
    /// Forgotten, but a chunk of its result has to be sent to its end.
    VOLLEY_JOB_DROPPED
};

/// A batch that was accepted (SPEC section 10.5). Its state keeps inputs, image and configuration until it is through.
struct volley_job {
    enum volley_job_state state;
    int8_t session, stage, image, configuration;
    /// Whether its result waits to be sent; whether it is one that was sent before; whether an EXECUTE on the present
    /// link waits for its end.
    bool wants_delivery, is_duplicate, is_awaited;
    uint8_t run[16], content[32], configuration_hash[32];
    uint32_t image_crc, attempt, chunk_entries, chunk_crc;
    /// The request that the result answers, and the first one of the batch.
    uint64_t request, first_request;
    /// Orders the queue, and deliveries.
    uint64_t ticket;
    uint64_t began;
    struct volley_batch batch;
    struct volley_recording recording;
    struct volley_conditions conditions;
    /// Of the configuration, which is given back when the batch has run.
    uint32_t neurons, window, samples, period;
    uint8_t costs[136];
    /// Why a job that is ending has no result.
    struct volley_fault fault;
    uint8_t result[VOLLEY_RESULT_BYTES];
};

/// Counters of `Health`.
struct volley_counters {
    uint64_t executed, cancelled, failed, duplicates, entries, received, sent, checksum_errors, link_errors, fenced;
    uint64_t events[8];
    double costs[9];
};

/// The device.
struct volley_device {
    struct volley_chip chip;
    struct volley_description description;
    struct volley_identity identity;
    uint64_t started, now, sessions_made, tickets;
    const char *leaving;
    struct volley_link links[VOLLEY_LINKS];
    struct volley_session sessions[VOLLEY_SESSIONS];
    struct volley_lease lease;
    /// What batches are accepted on: indices of the pools, or -1.
    int8_t configuration, image, shadow;
    /// What the chip holds: indices of the pools, or -1.
    int8_t loaded_configuration, loaded_image;
    struct volley_held_configuration configurations[VOLLEY_CONFIGURATIONS];
    struct volley_image images[VOLLEY_IMAGES];
    struct volley_stage stages[VOLLEY_STAGES];
    struct volley_job jobs[VOLLEY_RESULTS];
    struct volley_conditions conditions;
    struct volley_counters counters;
};

/// Starts a device without links. Returns NULL, or what is wrong with the chip's description: a chip that is larger
/// than the buffers, say.
const char *volley_start(struct volley_device *device, const struct volley_identity *identity,
                         const struct volley_chip *chip, uint64_t now);
/// A carrier is there, or begins anew: the link waits for HELLO. A session of its former life waits to be resumed.
void volley_link_open(struct volley_device *device, unsigned link, enum volley_carrier carrier, uint64_t now);
/// The carrier is gone.
void volley_link_close(struct volley_device *device, unsigned link);
/// Takes bytes. Returns how many were taken: fewer when a message has to wait until the output was sent.
size_t volley_receive(struct volley_device *device, unsigned link, const uint8_t *bytes, size_t count, uint64_t now);
/// The carrier says that a frame ends here (FRM-003); for VOLLEY_FRAMES, after all of its bytes were taken. Returns
/// whether it was acted on; where not, what `volley_transmit` has comes first, and the same call again.
bool volley_receive_end(struct volley_device *device, unsigned link, uint64_t now);
/// Whether `volley_receive` takes bytes now. Where it does not, send what `volley_transmit` has.
bool volley_wants_input(const struct volley_device *device, unsigned link);
/// Points to what has to be sent next, the rest of one frame, and returns its length; 0 if there is nothing.
size_t volley_transmit(struct volley_device *device, unsigned link, const uint8_t **bytes);
/// So many bytes of that were sent.
void volley_transmitted(struct volley_device *device, unsigned link, size_t count);
/// Lets the chip go on for a moment. Returns whether there is more to do.
bool volley_work(struct volley_device *device, uint64_t now);
/// Lets time-outs pass.
void volley_tick(struct volley_device *device, uint64_t now);
/// Tells all hosts that the device is about to leave (BYE-001): accepted batches may finish, others are refused. The
/// text must stay.
void volley_leave(struct volley_device *device, const char *reason);
/// Whether no batch waits or runs, and nothing is left to send.
bool volley_is_idle(const struct volley_device *device);

#endif
