#!/usr/bin/env bash
# Does a published noise model predict what training in the loop reaches? About 4 minutes on two cores.
#
#   Tests/Campaigns/noise_model.sh [--output DIR] [--epochs N] [--jobs N]
#
# Yin-Yang with 30 hidden neurons, weights only, five seeds, trained in the loop on three kinds of chip: ideal; ideal
# but for the published noise model (noise_model_chip.yaml); and the calibrated chip with all of its deviations.
# The model's authors report 96.7 % (ideal simulation), 86.1 % (their model), 86.3 % (silicon).
#
# DIR (default: runs/noise_model) gets results.csv, results.svg, and all runs. What is done is not repeated.
. "$(dirname "$0")/lib.sh"
begin noise_model "$@"

experiment="$here/noise_model.yaml"
chips=("ideal chip" "published noise model" "calibrated chip")
profiles=(ideal "$here/noise_model_chip.yaml" bss2-calibrated)
names=(ideal model calibrated)

for index in 0 1 2; do
    wafer "${names[$index]}" "$experiment" --serials 1...5 --own-seeds --profile "${profiles[$index]}" \
        ${epochs[@]+"${epochs[@]}"}
done

{
    echo "chip,serial,test_accuracy"
    for index in 0 1 2; do rows "${names[$index]}" "${chips[$index]}"; done
} >"$output/results.csv"
plot --kind strip --y test_accuracy --by chip --percent \
    --title "Yin-Yang, 30 hidden neurons, weights only, trained in the loop" \
    --reference "96.7=ideal simulation (published)" --reference "86.1=noise model (published)" \
    --reference "86.3=silicon (published)" --y-title "test accuracy (%)"
