# What happens inside the machine of usb_kernel.sh, which is the only one to run it: `check`, or sourced for its functions.

# attach : starts a daemon with a board on USB, serial 7, and waits until the kernel has it
attach() {
    .build/release/volleyd serve --listen usbip://127.0.0.1:3240 --serial 7 --log-level info >/run/ready 2>/run/log &
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

# What a training is of: two epochs, so that there is a checkpoint amid it.
settings=(--epochs 2 --seed 3 --set data.training_samples=1000 --set chip.calibration=off)

# weights RUN : the SHA-256 of a run's last weights
weights() { sha256sum <"$(ls "$1"/checkpoints/*.safetensors | tail -n 1)" | cut -d' ' -f1; }

# training DEVICE : trains a little on the chip behind an address, and prints the SHA-256 of the weights
training() {
    local folder
    folder="$(mktemp -d)"
    .build/release/volley train yinyang --device "$1" "${settings[@]}" --output "$folder/run" >"$folder/log" 2>&1 || {
        tail -n 20 "$folder/log" >&2
        return 1
    }
    grep patterns/s "$folder/log" >&2
    weights "$folder/run"
}

# uptime_tenths : tenths of seconds since the machine started
uptime_tenths() { cut -d' ' -f1 /proc/uptime | awk '{ print int($1 * 10) }'; }

# killed DEVICE : kills a training in its second epoch, lets the next host go on with it, and prints the SHA-256 of the
# weights. Nobody may have to wait for longer than the lease, 10 s, and a second (LSE-006), and for the last refusal.
killed() {
    local folder host begin attempt last=0
    folder="$(mktemp -d)"
    .build/release/volley train yinyang --device "$1" "${settings[@]}" --output "$folder/run" >"$folder/log" 2>&1 &
    host=$!
    for _ in $(seq 600); do ! grep -q 'epoch *1/2' "$folder/log" || break; sleep 0.1; done
    sleep 1
    kill -KILL "$host" || {
        echo "the training was over before it was killed" >&2
        return 1
    }
    wait "$host" 2>/dev/null || true
    begin="$(uptime_tenths)"
    while true; do
        attempt=$(($(uptime_tenths) - begin))
        .build/release/volley train --resume "$folder/run" >"$folder/log" 2>&1 && break
        grep -q 'volley train' "$folder/log" && [ $((last)) -le 110 ] || {
            echo "the board was not free $last tenths of a second after its host was killed" >&2
            tail -n 20 "$folder/log" >&2
            return 1
        }
        last=$attempt
        sleep 0.2
    done
    grep -q 'resumed' "$folder/log" || {
        echo "the second host has not resumed the first one's run" >&2
        cat "$folder/log" >&2
        return 1
    }
    echo "the next host had the board $((attempt / 10)).$((attempt % 10)) s after the kill, at the latest" >&2
    weights "$folder/run"
}

# conformance ARGUMENT... : holds the board against the specification
conformance() { .build/release/volley-conformance usb:1209:0001/7 "$@"; }

# replug : pulls the board out amid a batch of whoever has the chip, and puts it in again
replug() {
    for _ in $(seq 600); do ! grep -q 'has the chip' /run/log || break; sleep 0.1; done
    sleep 3
    usbip detach -p 0 2>/dev/null
    sleep 1
    usbip attach -r 127.0.0.1 -b 1-1
    echo "the board was pulled out and put in again"
}

check() {
    set -eu
    attach
    echo "== volley devices"
    .build/release/volley devices | tee /run/devices
    grep -q 'usb:1209:0001/7' /run/devices
    echo "== the driver's tests that need a real bus"
    local tests
    tests="$(ls .build/release/*.xctest 2>/dev/null || true)"
    if [ -n "$tests" ]; then
        "$tests" --testing-library swift-testing --filter RealBoardTests >/run/tests 2>&1 || {
            cat /run/tests
            return 1
        }
        grep -E 'passed after' /run/tests
    else
        echo "not there: swift build -c release --build-tests"
    fi
    echo "== a training, and amid it the board is pulled out"
    : >/run/log
    replug &
    weights="$(training usb:1209:0001/7)" || {
        tail -n 20 /run/log
        return 1
    }
    wait %2
    grep -c 'is back' /run/log >/dev/null || {
        echo "the training was over before the board was back; the session was never resumed"
        cat /run/log
        return 1
    }
    echo "== a training whose host is killed, and the next host goes on"
    local resumed
    resumed="$(killed usb:1209:0001/7)"
    [ "$resumed" = "$weights" ] || {
        echo "weights of the training that was killed and resumed are $resumed, of the other $weights"
        return 1
    }
    echo "weights $weights"
}

if [ "${1-}" = check ]; then check; fi
