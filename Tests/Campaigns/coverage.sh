#!/usr/bin/env bash
# Which lines of the product no test runs, not even by a program that it starts.
#
# Usage: Tests/Campaigns/coverage.sh             files with such lines, the most first
#        Tests/Campaigns/coverage.sh FILE ...    the lines of some files
#
# Builds the package in a folder of its own (.build-coverage), which takes some minutes at the first time, and runs all
# tests; with files it reads what the last run left. What a program did that was killed is not counted.
set -euo pipefail
cd "$(dirname "$0")/../.."

case "${1:-}" in -h | --help) sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;; esac

tools="$(dirname "$(realpath "$(command -v swiftc)")")"
built=.build-coverage/release
profile="$built/codecov/all.profdata"
cover() {
    local objects=()
    for program in volley volleyd volley-conformance; do objects+=(-object "$built/$program"); done
    "$tools/llvm-cov" "$1" "$built/volleyPackageTests.xctest" "${objects[@]}" -instr-profile "$profile" "${@:2}"
}

if [ $# -gt 0 ]; then
    [ -f "$profile" ] || { echo "coverage.sh: there is no run to read yet; call it without files first" >&2; exit 66; }
    for file in "$@"; do
        echo "== $file"
        cover show "$PWD/$file" | grep -E '^ +[0-9]+\| +0\|' || true
    done
    exit
fi

swift build -c release --enable-code-coverage --scratch-path .build-coverage --build-tests
rm -rf "$built/codecov"
# A test that fails has still run what it runs.
swift test -c release --enable-code-coverage --scratch-path .build-coverage --skip-build || failed=1
find "$built/codecov" -name '*.profraw' > "$built/profiles"
"$tools/llvm-profdata" merge -sparse --input-files "$built/profiles" -o "$profile"
# Columns of the report: file, three of regions, three of functions, lines, lines not run, share.
echo
echo "lines that no test runs, of all lines:"
cover report --ignore-filename-regex='/checkouts/|/\.build|/Tests/|\.pb\.swift' |
    awk '$9 ~ /^[0-9]+$/ && $9 > 0 { printf "%5d of %5d  %s\n", $9, $8, $1 }' | sort -rn
exit "${failed:-0}"
