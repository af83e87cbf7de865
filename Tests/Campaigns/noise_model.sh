#!/usr/bin/env bash
# Does a published noise model predict what training in the loop reaches? About 4 minutes on two cores.
#
#   Tests/Campaigns/noise_model.sh [--output DIR] [--epochs N] [--jobs N]
#
# Yin-Yang with 30 hidden neurons, weights only, five seeds (noise_model.yaml), trained in the loop on four kinds of
# chip: ideal with a wide range of weights; ideal with the chip's 6 bits; the same with the published noise model
# (noise_model_chip.yaml); and five serials of the calibrated chip with all of its deviations.
# The model's authors report 96.7 % (ideal simulation), 86.1 % (their model), 86.3 % (silicon), for networks that code by
# first spikes. Here classes are read from membranes, and gradients are surrogates.
#
# DIR (default: runs/noise_model) gets results.csv, results.svg, and all runs. What is done is not repeated.
. "$(dirname "$0")/lib.sh"
begin noise_model "$@"
mkdir -p "$output"

names=(wide ideal model calibrated)
chips=("ideal chip, wide weights" "ideal chip, 6-bit weights" "published noise model" "calibrated chip")

# kind NAME : the options that make the chip
kind() {
    case "$1" in
        # 8 times the range of 6 bits, in 4 times as coarse steps, of which training makes good use.
        wide) options=(--profile ideal --chip-set geometry.weight_limit=127 --set mapping.hidden_scale=60) ;;
        ideal) options=(--profile ideal) ;;
        model) options=(--profile "$here/noise_model_chip.yaml") ;;
        calibrated) options=(--profile bss2-calibrated) ;;
    esac
}

for name in "${names[@]}"; do
    kind "$name"
    wafer "$name" "$here/noise_model.yaml" --serials 1...5 --own-seeds "${options[@]}" \
        ${epochs[@]+"${epochs[@]}"}
done

{
    echo "chip,serial,test_accuracy"
    for index in "${!names[@]}"; do rows "${names[$index]}" "\"${chips[$index]}\""; done
} >"$output/results.csv"
plot --kind strip --y test_accuracy --by chip --percent \
    --title "Yin-Yang, 30 hidden neurons, weights only, trained in the loop" \
    --reference "96.7=ideal simulation (published)" --reference "86.1=noise model (published)" \
    --reference "86.3=silicon (published)" --y-title "test accuracy (%)"
