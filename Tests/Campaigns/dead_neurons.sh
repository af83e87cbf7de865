#!/usr/bin/env bash
# How much the test error grows when 15 % of the hidden neurons die after training, with and without dropout: about
# 10 minutes on two cores.
#
#   Tests/Campaigns/dead_neurons.sh [--data DIR] [--output DIR] [--epochs N] [--jobs N] [mnist16|yinyang]
#
# The task is trained on the calibrated chip, without dropout and with 40 %. Then its weights are evaluated on the same
# chip with 15 % of the hidden neurons dead: five draws, each the same for both runs.
# Cramer et al. 2022 found, for MNIST: the error grows by 37 % without dropout and by 10 % with it.
#
# DIR (default: runs/dead_neurons-TASK) gets results.csv, results.svg, and all runs. What is done is not repeated.
# MNIST is read from --data or $VOLLEY_DATA.
. "$(dirname "$0")/lib.sh"
begin dead_neurons "$@"

task="${rest[0]:-mnist16}"
case "$task" in
    # A hidden neuron of 256 inputs is two circuits; its first one decides.
    mnist16) hidden=246 merged=2 usual=40 ;;
    yinyang) hidden=120 merged=1 usual=60 ;;
    *) die 64 "there is no task $task; choose mnist16 or yinyang" ;;
esac
[ "$output" != runs/dead_neurons ] || output="runs/dead_neurons-$task"
mkdir -p "$output"
[ ${#epochs[@]} -gt 0 ] || epochs=(--epochs "$usual")

# dead DRAW : the circuits of a draw, as a YAML list; a shuffle by a generator of its own, the same on every machine
dead() {
    awk -v draw="$1" -v hidden="$hidden" -v merged="$merged" 'BEGIN {
        state = draw
        for (i = 0; i < hidden; i++) order[i] = i
        count = int(0.15 * hidden + 0.5)
        for (i = 0; i < count; i++) {
            # Lehmer 1951, in the form of Park and Miller 1988; the first numbers of small seeds are alike.
            for (k = 0; k < (i ? 1 : 10); k++) state = (state * 16807) % 2147483647
            j = i + state % (hidden - i)
            t = order[i]; order[i] = order[j]; order[j] = t
            list = list (i ? ", " : "") order[i] * merged
        }
        print "[" list "]"
    }'
}

for draw in 1 2 3 4 5; do
    cat >"$output/dead-$draw.yaml" <<YAML
summary: The calibrated chip with 15 % of the circuits of $hidden hidden neurons dead, draw $draw.
extends: bss2-calibrated
defects:
  dead_circuits: $(dead "$draw")
YAML
done

for dropout in 0 0.4; do
    wafer "dropout-$dropout" "$task" --serials 1 --profile bss2-calibrated --set training.dropout=$dropout \
        "${epochs[@]}"
    for draw in 1 2 3 4 5; do
        wafer "dropout-$dropout-dead-$draw" "$output/dropout-$dropout/serial-1" --serials 1 \
            --profile "$output/dead-$draw.yaml"
    done
done

# growth DROPOUT NAME : rows "NAME,draw,error before,error after,growth" of a run
growth() {
    local before draw
    before="$(rows "dropout-$1" x | cut -d, -f3)"
    for draw in 1 2 3 4 5; do
        rows "dropout-$1-dead-$draw" x | awk -F, -v name="$2" -v draw="$draw" -v before="$before" '{
            printf "%s,%d,%.4f,%.4f,%.4f\n", name, draw, 1 - before, 1 - $3, (1 - $3) / (1 - before) - 1
        }'
    done
}

{
    echo "training,draw,error_before,error_after,growth"
    growth 0 "without dropout"
    growth 0.4 "with 40 % dropout"
} >"$output/results.csv"
echo
echo "Test error before, after, and its growth:"
"$volley" plot "$output/results.csv" --kind strip --y error_before --by training --percent
"$volley" plot "$output/results.csv" --kind strip --y error_after --by training --percent
plot --kind strip --y growth --by training --percent \
    --title "$task with 15 % of the hidden neurons dead after training" \
    --reference "37=without dropout (published, MNIST)" --reference "10=with dropout (published, MNIST)" \
    --y-title "growth of the test error (%)"
