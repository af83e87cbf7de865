// Memory of a thread.
#include "chip_workspace.h"
#include <stdlib.h>
#include <string.h>

void *chip_room_reserve(chip_room *room, size_t bytes) {
    if (room->memory && bytes <= room->capacity) return room->memory;
    size_t capacity = (bytes + bytes / 2 + 4095) / 4096 * 4096;
    void *memory = aligned_alloc(64, capacity);
    if (!memory) return NULL;
    if (room->memory) memcpy(memory, room->memory, room->capacity);
    free(room->memory);
    *room = (chip_room){memory, capacity};
    return memory;
}

chip_workspace *chip_workspace_create(void) { return calloc(1, sizeof(chip_workspace)); }

void chip_workspace_free(chip_workspace *workspace) {
    if (!workspace) return;
    chip_room *rooms[] = {
        &workspace->states, &workspace->lists, &workspace->arrivals, &workspace->events,
        &workspace->begins, &workspace->places, &workspace->drives, &workspace->spikes,
        &workspace->codes, &workspace->ticks, &workspace->limits,
        &workspace->keys, &workspace->swap, &workspace->order, &workspace->normals,
        &workspace->collected,
    };
    for (size_t k = 0; k < sizeof rooms / sizeof *rooms; k++) free(rooms[k]->memory);
    free(workspace);
}

void chip_workspace_clear(chip_workspace *workspace) { workspace->collected_count = 0; }

const chip_wire_event *chip_workspace_events(const chip_workspace *workspace) {
    return workspace->collected.memory;
}
