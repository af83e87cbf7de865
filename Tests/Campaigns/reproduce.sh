#!/usr/bin/env bash
# Reproduces the accuracies of the README: about four minutes on two cores.
#
#   Tests/Campaigns/reproduce.sh [--data DIR] [--output DIR] [yinyang|mnist16|fashion16 ...]
#
# Runs go to DIR (default: runs/reproduce); one that is finished there is not run again. MNIST and Fashion-MNIST are
# read from --data or $VOLLEY_DATA.
set -euo pipefail
cd "$(dirname "$0")/../.."

volley=.build/release/volley
output=runs/reproduce
data=()
tasks=()
while [ $# -gt 0 ]; do
    case "$1" in
        --data) data=(--data "$2"); shift 2 ;;
        --output) output="$2"; shift 2 ;;
        *) tasks+=("$1"); shift ;;
    esac
done
[ ${#tasks[@]} -gt 0 ] || tasks=(yinyang mnist16 fashion16)
[ -x "$volley" ] || { echo "$volley is missing: make build" >&2; exit 69; }
mkdir -p "$output"

field() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1" "$2"; }

# train NAME ARGUMENT... : a run in its own folder; a line with what came of it
train() {
    local folder="$output/$1"
    shift
    if [ ! -e "$folder/summary.json" ]; then
        rm -rf "$folder"
        "$volley" train "$@" ${data[@]+"${data[@]}"} --output "$folder" >"$folder.log" 2>&1 ||
            { cat "$folder.log" >&2; exit 1; }
    fi
    printf '%-34s test %.2f %%  %6.1f spikes/pattern  %8.0f patterns/s\n' "$(basename "$folder")" \
        "$(python3 -c "print(100 * $(field "$folder/summary.json" test_accuracy))")" \
        "$(field "$folder/summary.json" spikes_per_pattern)" \
        "$(field "$folder/summary.json" patterns_per_second)"
}

# deploy NAME FOLDER : software weights on the chip, as they are
deploy() {
    printf '%-34s %s\n' "$1" "$("$volley" evaluate "$output/$2" --serial 1 ${data[@]+"${data[@]}"} 2>&1 |
        grep -m 1 'test accuracy')"
}

for task in "${tasks[@]}"; do
    case "$task" in
        yinyang)
            train yinyang-120-software yinyang --software
            # The frozen layer gets the spread that serves it best: at the trained ones' 0.6 it hardly fires.
            for serial in 1 2 3; do
                train "yinyang-120-serial-$serial" yinyang --serial $serial
                train "yinyang-30-serial-$serial" yinyang --serial $serial --set network.hidden.0.size=30
                train "yinyang-30-frozen-serial-$serial" yinyang --serial $serial \
                    --set network.hidden.0.size=30 --set network.freeze_hidden=true \
                    --set network.hidden_spread=1.6
            done
            train yinyang-120-spikes-only yinyang --serial 1 --set graph.measured=spikes
            deploy "yinyang-120-software on the chip" yinyang-120-software
            ;;
        mnist16 | fashion16)
            train "$task-software" "$task" --software
            train "$task-serial-1" "$task" --serial 1
            train "$task-spikes-only" "$task" --serial 1 --set graph.measured=spikes
            deploy "$task-software on the chip" "$task-software"
            ;;
        *)
            echo "no such task: $task" >&2
            exit 64
            ;;
    esac
done
