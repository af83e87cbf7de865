# What happens inside the machine of usb_kernel.sh, which is the only one to run it: `check`, or sourced for its functions.

# attach : starts a daemon with a board on USB, serial 7, and waits until the kernel has it
attach() {
    .build/release/volleyd serve --listen usbip://127.0.0.1:3240 --serial 7 --log-level notice >/run/ready 2>/run/log &
    for _ in $(seq 200); do [ -s /run/ready ] || sleep 0.05; done
    cat /run/ready
    usbip attach -r 127.0.0.1 -b 1-1 || return 1
    # Bus 1 is of high speed, its device 1 the root hub.
    for _ in $(seq 200); do [ -e /dev/bus/usb/001/002 ] || sleep 0.05; done
    [ -e /dev/bus/usb/001/002 ] || {
        echo "the board is not on the bus"
        dmesg | tail -n 20
        return 1
    }
    echo "the kernel has the board after $(cut -d' ' -f1 /proc/uptime) s: $(cat /sys/bus/usb/devices/1-1/product)"
}

# training DEVICE : trains a little on the chip behind an address, and prints the SHA-256 of the weights
training() {
    local folder
    folder="$(mktemp -d)"
    .build/release/volley train yinyang --device "$1" --epochs 2 --seed 3 --output "$folder/run" >"$folder/log" 2>&1 || {
        tail -n 20 "$folder/log" >&2
        return 1
    }
    grep patterns/s "$folder/log" >&2
    sha256sum <"$(ls "$folder"/run/checkpoints/*.safetensors | tail -n 1)" | cut -d' ' -f1
}

check() {
    set -eu
    attach
    .build/release/volley devices
    weights="$(training usb:1209:0001/7)"
    echo "weights $weights"
}

if [ "${1-}" = check ]; then check; fi
