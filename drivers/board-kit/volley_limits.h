// How much a board holds: every buffer of the device has one of these sizes, and no other memory is used.
//
// Give other values to all files alike, with -DVOLLEY_...=... or as a header with -DVOLLEY_LIMITS='"my_limits.h"'. The
// defaults are for a microcontroller with 128 KiB of RAM, and a network of 25 inputs, 60 hidden neurons and 3 readouts.
#ifndef VOLLEY_LIMITS_H
#define VOLLEY_LIMITS_H

#ifdef VOLLEY_LIMITS
#include VOLLEY_LIMITS
#endif

/// Carriers of frames that may be open at a time; 1 for a USB or serial port.
#ifndef VOLLEY_LINKS
#define VOLLEY_LINKS 1
#endif
/// Hosts that are remembered at a time (SPEC section 8).
#ifndef VOLLEY_SESSIONS
#define VOLLEY_SESSIONS 4
#endif
/// Most payload bytes of a frame; 2 KiB is the least that the protocol allows.
#ifndef VOLLEY_FRAME_BYTES
#define VOLLEY_FRAME_BYTES 2048
#endif
/// Most bytes of a control message. CONFIGURE is the longest; with parameter codes it has 18 bytes a neuron.
#ifndef VOLLEY_CONTROL_BYTES
#define VOLLEY_CONTROL_BYTES 2048
#endif
/// Batches of a session that may be staged or running at a time.
#ifndef VOLLEY_SLOTS
#define VOLLEY_SLOTS 2
#endif
/// Results that are kept until the host has acknowledged them.
#ifndef VOLLEY_RESULTS
#define VOLLEY_RESULTS 2
#endif
/// Blocks of inputs that are held: staged, queued or running, over all sessions. When they are all taken, STAGE is
/// answered BUSY.
#ifndef VOLLEY_STAGES
#define VOLLEY_STAGES (2 * VOLLEY_SLOTS)
#endif
/// Configurations that are held: the current one, and those of accepted batches.
#ifndef VOLLEY_CONFIGURATIONS
#define VOLLEY_CONFIGURATIONS 2
#endif
/// Weight images that are held: the current one, its shadow, and those of accepted batches.
#ifndef VOLLEY_IMAGES
#define VOLLEY_IMAGES (2 + VOLLEY_SLOTS)
#endif
/// Input channels of the chip.
#ifndef VOLLEY_INPUTS
#define VOLLEY_INPUTS 32
#endif
/// Logical neurons, which are never more than neuron circuits.
#ifndef VOLLEY_NEURONS
#define VOLLEY_NEURONS 64
#endif
/// Weight codes of all projections together.
#ifndef VOLLEY_SYNAPSES
#define VOLLEY_SYNAPSES 2048
#endif
/// Populations, and projections, of a configuration.
#ifndef VOLLEY_POPULATIONS
#define VOLLEY_POPULATIONS 8
#endif
/// Entries of a batch.
#ifndef VOLLEY_ENTRIES
#define VOLLEY_ENTRIES 8
#endif
/// Input events of an entry, and spikes of an entry that are kept.
#ifndef VOLLEY_EVENTS
#define VOLLEY_EVENTS 128
#endif
/// CADC codes of an entry.
#ifndef VOLLEY_TRACE_BYTES
#define VOLLEY_TRACE_BYTES 1344
#endif
/// 1 for a chip whose neuron parameters are codes that the host may state (SPEC section 7.7).
#ifndef VOLLEY_CODES
#define VOLLEY_CODES 0
#endif
/// Bytes of a host's label that are kept for others to read.
#ifndef VOLLEY_LABEL_BYTES
#define VOLLEY_LABEL_BYTES 48
#endif

/// The longest stage block (SPEC section 7.2).
#define VOLLEY_STAGE_BYTES (8 + 32 + 4 * VOLLEY_ENTRIES + 4 * VOLLEY_ENTRIES * VOLLEY_EVENTS)
/// The longest weight block (SPEC section 7.3): a delta that changes all codes.
#define VOLLEY_WEIGHT_BYTES (32 + (VOLLEY_SYNAPSES + 7) / 8 + VOLLEY_SYNAPSES)
/// The longest block that a host can have reason to send; longer ones are refused unread.
#define VOLLEY_BULK_BYTES (VOLLEY_STAGE_BYTES > VOLLEY_WEIGHT_BYTES ? VOLLEY_STAGE_BYTES : VOLLEY_WEIGHT_BYTES)
/// Storage of a result: validity, ends, CADC codes and spikes of all entries.
#define VOLLEY_RESULT_BYTES (VOLLEY_ENTRIES * (5 + VOLLEY_TRACE_BYTES + 4 * VOLLEY_EVENTS))

/// The longest chunk: a result of all entries. It is never in memory as a whole.
#define VOLLEY_CHUNK_BYTES (32 + VOLLEY_ENTRIES + 3 + 32 + 4 * VOLLEY_ENTRIES + 16 + VOLLEY_RESULT_BYTES)
/// The message limit that the device states, for either direction.
#define VOLLEY_MESSAGE_BYTES (VOLLEY_BULK_BYTES > VOLLEY_CHUNK_BYTES ? VOLLEY_BULK_BYTES : VOLLEY_CHUNK_BYTES)

/// Fails to compile where a size is impossible.
#define VOLLEY_REQUIRE(name, condition) typedef char volley_require_##name[(condition) ? 1 : -1]
VOLLEY_REQUIRE(frames_of_2_kib, VOLLEY_FRAME_BYTES >= 2048 && VOLLEY_FRAME_BYTES <= 1048576);
VOLLEY_REQUIRE(control_of_2_kib, VOLLEY_CONTROL_BYTES >= 2048);
VOLLEY_REQUIRE(control_in_message, VOLLEY_CONTROL_BYTES <= VOLLEY_MESSAGE_BYTES);
VOLLEY_REQUIRE(control_in_bulk, VOLLEY_CONTROL_BYTES <= VOLLEY_BULK_BYTES);
VOLLEY_REQUIRE(message_cap, VOLLEY_MESSAGE_BYTES <= 67108864);
VOLLEY_REQUIRE(a_session_a_link, VOLLEY_SESSIONS >= VOLLEY_LINKS);
VOLLEY_REQUIRE(short_labels, VOLLEY_LABEL_BYTES <= 96);
VOLLEY_REQUIRE(two_images, VOLLEY_IMAGES >= 2);
VOLLEY_REQUIRE(results, VOLLEY_RESULTS >= 1 && VOLLEY_RESULTS <= 32);
VOLLEY_REQUIRE(few_indices, VOLLEY_STAGES < 127 && VOLLEY_IMAGES < 127 && VOLLEY_LINKS < 127 && VOLLEY_SESSIONS < 127);
VOLLEY_REQUIRE(units_of_16_bits, VOLLEY_INPUTS <= 65535 && VOLLEY_NEURONS <= 65535);

#endif
