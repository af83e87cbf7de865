#!/bin/sh
# Fuzzes subjects one after the other: run.sh FUZZER FOLDER "LIBFUZZER'S OPTIONS" [SUBJECT...]
# What is learnt stays in FOLDER/SUBJECT; an input that goes wrong ends the run and lies in FOLDER.
set -eu
fuzzer=$1 folder=$2 options=$3
shift 3
# libFuzzer, not Swift, is to deal with a trap: it keeps the input.
export SWIFT_BACKTRACE=enable=no
"$fuzzer" seeds "$folder"
[ $# -gt 0 ] || set -- $("$fuzzer" list)
for subject; do
    if ! "$fuzzer" list | grep -qx "$subject"; then
        echo "there is no subject $subject; there are" $("$fuzzer" list) >&2
        exit 2
    fi
done
for subject; do
    # The subject itself counts an input's CPU time. libFuzzer counts the time that passes, on a machine with other work too.
    # shellcheck disable=SC2086 # The options are several words.
    if ! "$fuzzer" "$subject" $options -max_len=2048 -verbosity=0 -rss_limit_mb=2048 -timeout=600 -report_slow_units=600 \
        -artifact_prefix="$folder/$subject-" "$folder/$subject" 2>"$folder/$subject.log"; then
        tail -n 20 "$folder/$subject.log" >&2
        echo "$subject: it ended early; an input that went wrong, if one did, is in $folder" >&2
        exit 1
    fi
    grep "inputs, the slowest" "$folder/$subject.log"
done
