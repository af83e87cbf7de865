// CONFIGURE, WEIGHTS, COMMIT, STAGE, and the pools that hold them (SPEC sections 7.2, 7.3 and 10.4).
//
// What is current has a user, and so has each accepted batch; what has no user is free. So batches keep the image and
// the configuration on which they were accepted.
#include "volley_private.h"

enum { WEIGHT_HEAD = 32, FULL = 1, DELTA = 2, STAGE_HEAD = 8 };

void volley_release(struct volley_device *device, int8_t *configuration, int8_t *image) {
    if (configuration && *configuration >= 0) {
        device->configurations[*configuration].users--;
        *configuration = -1;
    }
    if (image && *image >= 0) {
        device->images[*image].users--;
        *image = -1;
    }
}

const char *volley_load(struct volley_device *device, int8_t configuration, int8_t image) {
    const struct volley_chip *chip = &device->chip;
    const struct volley_configuration *value = &device->configurations[configuration].value;
    const char *words;
    if (device->loaded_configuration != configuration) {
        device->loaded_configuration = device->loaded_image = -1;
        words = chip->configure(chip->context, value);
        if (words) return words;
        device->loaded_configuration = configuration;
    }
    if (image >= 0 && device->loaded_image != image) {
        device->loaded_image = -1;
        words = chip->load_weights(chip->context, device->images[image].codes, value->synapse_count);
        if (words) return words;
        device->loaded_image = image;
    }
    return NULL;
}

static int8_t free_configuration(struct volley_device *device) {
    for (int8_t index = 0; index < VOLLEY_CONFIGURATIONS; index++) {
        if (device->configurations[index].users > 0) continue;
        if (device->loaded_configuration == index) device->loaded_configuration = device->loaded_image = -1;
        return index;
    }
    return -1;
}

static int8_t free_image(struct volley_device *device) {
    int8_t found = -1;
    for (int8_t index = 0; index < VOLLEY_IMAGES && found < 0; index++) {
        if (device->images[index].users == 0) found = index;
    }
    if (found >= 0 && device->loaded_image == found) device->loaded_image = -1;
    return found;
}

static bool has_work(const struct volley_device *device) {
    for (unsigned index = 0; index < VOLLEY_RESULTS; index++) {
        if (volley_is_unfinished(&device->jobs[index])) return true;
    }
    return false;
}

static const struct volley_configuration *current(const struct volley_device *device) {
    return device->configuration < 0 ? NULL : &device->configurations[device->configuration].value;
}

void volley_on_configure(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                         struct volley_fault *fault) {
    struct volley_hash hash;
    uint8_t digest[32];
    volley_hash_begin(&hash);
    volley_hash_add(&hash, message->payload, message->length);
    volley_hash_end(&hash, digest);
    if (!current(device) || memcmp(current(device)->hash, digest, 32) != 0) {
        int8_t place = free_configuration(device);
        if (place < 0) {
            volley_fail(fault, VOLLEY_BUSY, "batches that wait need the configurations that are held");
            return;
        }
        struct volley_configuration *wanted = &device->configurations[place].value;
        if (!volley_read_configuration(device, message, wanted, fault)) return;
        // A chip that is at work is configured when its batches are through.
        const char *words = has_work(device) ? NULL : volley_load(device, place, -1);
        if (words) {
            volley_fail(fault, VOLLEY_INVALID, words);
            return;
        }
        memcpy(wanted->hash, digest, 32);
        volley_release(device, &device->configuration, &device->image);
        volley_release(device, NULL, &device->shadow);
        device->configuration = place;
        device->configurations[place].users = 1;
    }
    struct volley_writer reply = volley_payload(link);
    volley_write_bytes(&reply, 1, digest, 32);
    volley_answer(device, link, message, &reply);
}

// A weight block whose form is right.
struct weights {
    bool is_delta;
    uint32_t synapses, base, epoch, crc, count;
    const uint8_t *bitmap, *codes;
};

static bool refuse(struct volley_fault *fault, enum volley_status status, const char *words, uint32_t offset) {
    volley_fail(fault, status, words);
    fault->offset = offset;
    return false;
}

static bool is_marked(const struct weights *block, uint32_t synapse) {
    return !block->is_delta || (block->bitmap[synapse / 8] >> synapse % 8 & 1);
}

// Marks against the number of codes, spare bits, and the range of codes.
static bool check_codes(const struct volley_device *device, const struct weights *block, struct volley_fault *fault) {
    uint32_t marks = 0, spare = block->synapses % 8;
    if (block->is_delta && spare && block->bitmap[block->synapses / 8] >> spare) {
        return refuse(fault, VOLLEY_MALFORMED, "a spare bit of the bitmap is set", WEIGHT_HEAD + block->synapses / 8);
    }
    for (uint32_t synapse = 0; synapse < block->synapses; synapse++) marks += is_marked(block, synapse);
    if (marks != block->count) return refuse(fault, VOLLEY_MALFORMED, "marks and codes differ in number", 20);
    for (uint32_t index = 0; index < block->count; index++) {
        int8_t code = (int8_t)block->codes[index];
        if ((uint32_t)(code < 0 ? -code : code) > device->description.weight_limit) {
            uint32_t before = WEIGHT_HEAD + (block->is_delta ? (block->synapses + 7) / 8 : 0);
            return refuse(fault, VOLLEY_MALFORMED, "a weight code above the chip's limit", before + index);
        }
    }
    return true;
}

static bool read_weights(const struct volley_device *device, const struct volley_message *message,
                         struct weights *block, struct volley_fault *fault) {
    const uint8_t *bytes = message->payload;
    uint32_t synapses = current(device)->synapse_count;
    if (message->length < WEIGHT_HEAD) return refuse(fault, VOLLEY_MALFORMED, "the block is cut off", message->length);
    uint32_t encoding = volley_get32(bytes);
    if (encoding != FULL && encoding != DELTA) return refuse(fault, VOLLEY_MALFORMED, "an unknown encoding", 0);
    if (volley_get64(bytes + 24)) return refuse(fault, VOLLEY_RESERVED_NONZERO, "a reserved field is not zero", 24);
    block->is_delta = encoding == DELTA;
    block->synapses = volley_get32(bytes + 4);
    block->base = volley_get32(bytes + 8);
    block->epoch = volley_get32(bytes + 12);
    block->crc = volley_get32(bytes + 16);
    block->count = volley_get32(bytes + 20);
    if (block->synapses != synapses) {
        enum volley_status status = block->synapses > synapses ? VOLLEY_TOO_LARGE : VOLLEY_INVALID;
        return refuse(fault, status, "the synapses are not those of the configuration", 4);
    }
    if (!block->is_delta && block->base) return refuse(fault, VOLLEY_MALFORMED, "a full image that names a base", 8);
    if (block->count > synapses) return refuse(fault, VOLLEY_TOO_LARGE, "more codes than synapses", 20);
    uint32_t bitmap = block->is_delta ? (synapses + 7) / 8 : 0;
    if (message->length != WEIGHT_HEAD + bitmap + block->count) {
        return refuse(fault, VOLLEY_MALFORMED, "the block is shorter or longer than it says", message->length);
    }
    block->bitmap = bytes + WEIGHT_HEAD;
    block->codes = block->bitmap + bitmap;
    return check_codes(device, block, fault);
}

// The image that a block gives, code by code; its checksum is returned, and `image` filled if there is one.
static uint32_t apply(const struct weights *block, const int8_t *former, int8_t *image) {
    const uint8_t *next = block->codes;
    uint32_t crc = 0;
    for (uint32_t synapse = 0; synapse < block->synapses; synapse++) {
        uint8_t code = is_marked(block, synapse) ? *next++ : (uint8_t)former[synapse];
        crc = volley_crc32c(crc, &code, 1);
        if (image) image[synapse] = (int8_t)code;
    }
    return crc;
}

void volley_on_weights(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                       struct volley_fault *fault) {
    struct weights block;
    const struct volley_image *former = device->image < 0 ? NULL : &device->images[device->image];
    if (!current(device)) {
        volley_fail(fault, VOLLEY_EPOCH_MISMATCH, "the chip is not configured");
        return;
    }
    if (!read_weights(device, message, &block, fault)) return;
    if (block.is_delta && (!former || former->epoch != block.base)) {
        refuse(fault, VOLLEY_EPOCH_MISMATCH, "the base is not the current epoch", 8);
        return;
    }
    if (apply(&block, former ? former->codes : NULL, NULL) != block.crc) {
        refuse(fault, VOLLEY_EPOCH_MISMATCH, "the image that results has another checksum", 16);
        return;
    }
    volley_release(device, NULL, &device->shadow);
    int8_t place = free_image(device);
    if (place < 0) {
        volley_fail(fault, VOLLEY_BUSY, "batches that wait need the images that are held");
        return;
    }
    struct volley_image *shadow = &device->images[place];
    apply(&block, former ? former->codes : NULL, shadow->codes);
    shadow->users = 1;
    shadow->epoch = block.epoch;
    shadow->crc = block.crc;
    device->shadow = place;
    volley_answer(device, link, message, NULL);
}

void volley_on_commit(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                      struct volley_fault *fault) {
    struct volley_reader reader = volley_read(message->payload, message->length, fault);
    struct volley_field field;
    uint32_t epoch = 0, crc = 0, changed = 0;
    while (volley_next(&reader, &field)) {
        if (volley_is(&field, 1, VOLLEY_VARINT)) epoch = (uint32_t)field.value;
        if (volley_is(&field, 2, VOLLEY_FIXED32)) crc = (uint32_t)field.value;
    }
    if (fault->status != VOLLEY_OK) return;
    const struct volley_image *shadow = device->shadow < 0 ? NULL : &device->images[device->shadow];
    if (!shadow || shadow->epoch != epoch || shadow->crc != crc) {
        volley_fail(fault, VOLLEY_EPOCH_MISMATCH, "this is not the image that was last written");
        return;
    }
    const struct volley_image *former = device->image < 0 ? NULL : &device->images[device->image];
    for (uint32_t synapse = 0; synapse < current(device)->synapse_count; synapse++) {
        changed += !former || former->codes[synapse] != shadow->codes[synapse];
    }
    volley_release(device, NULL, &device->image);
    device->image = device->shadow;
    device->shadow = -1;
    struct volley_writer reply = volley_payload(link);
    volley_write_number(&reply, 1, epoch);
    volley_write_fixed32(&reply, 2, crc);
    volley_write_number(&reply, 3, changed);
    volley_answer(device, link, message, &reply);
}

void volley_empty_slot(struct volley_device *device, struct volley_session *session, uint32_t slot) {
    if (session->slots[slot] >= 0) device->stages[session->slots[slot]].is_used = false;
    session->slots[slot] = -1;
}

void volley_on_stage(struct volley_device *device, struct volley_link *link, const struct volley_message *message,
                     struct volley_fault *fault) {
    struct volley_session *session = volley_session_of(device, link);
    const uint8_t *bytes = message->payload;
    if (!current(device)) {
        volley_fail(fault, VOLLEY_EPOCH_MISMATCH, "the chip is not configured");
        return;
    }
    if (message->length < STAGE_HEAD) {
        refuse(fault, VOLLEY_MALFORMED, "the block is cut off", message->length);
        return;
    }
    uint32_t slot = volley_get32(bytes);
    if (volley_get32(bytes + 4)) {
        refuse(fault, VOLLEY_RESERVED_NONZERO, "a reserved field is not zero", 4);
        return;
    }
    if (slot >= link->limits.slots) {
        volley_fail_stock(fault, VOLLEY_TOO_LARGE, "slots", (uint64_t)slot + 1, link->limits.slots);
        return;
    }
    uint32_t length = message->length - STAGE_HEAD;
    if (!volley_check_spikes(bytes + STAGE_HEAD, length, STAGE_HEAD, current(device), fault)) return;
    int8_t place = session->slots[slot];
    for (int8_t index = 0; index < VOLLEY_STAGES && place < 0; index++) {
        if (!device->stages[index].is_used) place = index;
    }
    if (place < 0) {
        volley_fail(fault, VOLLEY_BUSY, "no place for inputs is free");
        return;
    }
    struct volley_stage *stage = &device->stages[place];
    stage->is_used = true;
    stage->length = length;
    stage->entries = volley_get32(bytes + STAGE_HEAD + 16);
    stage->events = volley_get32(bytes + STAGE_HEAD + 20);
    memcpy(stage->block, bytes + STAGE_HEAD, length);
    session->slots[slot] = place;
    volley_answer(device, link, message, NULL);
}
