// What a board's firmware has in RAM: the device and its chip. It is compiled to be measured, and to show the loop.
#include "../tiny_chip.h"
#include "../volley_device.h"

struct volley_device device;
struct tiny_chip chip;

/// What a board has: a clock, and a port that takes and gives some bytes without waiting.
uint64_t board_milliseconds(void);
size_t board_read(uint8_t *bytes, size_t most);
size_t board_write(const uint8_t *bytes, size_t count);
void board_identify(struct volley_identity *identity);

int main(void) {
    struct volley_identity identity;
    struct volley_chip functions = tiny_chip_functions(&chip);
    uint8_t input[64];
    size_t begin = 0, end = 0;
    board_identify(&identity);
    if (volley_start(&device, &identity, &functions, board_milliseconds())) return 1;
    volley_link_open(&device, 0, VOLLEY_STREAM, board_milliseconds());
    for (;;) {
        const uint8_t *output;
        size_t count = volley_transmit(&device, 0, &output);
        if (count > 0) volley_transmitted(&device, 0, board_write(output, count));
        if (begin == end) {
            begin = 0;
            end = board_read(input, sizeof input);
        }
        begin += volley_receive(&device, 0, input + begin, end - begin, board_milliseconds());
        volley_work(&device, board_milliseconds());
        volley_tick(&device, board_milliseconds());
    }
}
