#!/usr/bin/env bash
# The suites of USB and of the transports under the compiler's sanitizers: addresses with leaks, and threads.
#
# Usage: Tests/Campaigns/sanitizers.sh [address] [thread]      both, where none is named
#
# Each sanitizer builds the package in a folder of its own (.build-address, .build-thread), which takes some minutes at
# the first time. VOLLEY_FILTER chooses other suites. Ends with an error where a sanitizer has something to say.
set -euo pipefail
cd "$(dirname "$0")/../.."
filter="${VOLLEY_FILTER:-USBDriverTests|BoardEmulatorTests|ZeroMQDriverTests|DeviceTransportTests|LinkContractTests}"

case "${1:-}" in -h | --help) sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;; esac
[ $# -gt 0 ] || set -- address thread

# What the emulated bus and the toolchain keep until the end is no leak of ours.
suppressions="$(mktemp)"
trap 'rm -f "$suppressions"' EXIT
printf 'leak:%s\n' libglib libgobject libgio libumockdev libxml2 libudev > "$suppressions"
# libusb 1.0.26 forgets 40 bytes of an interface whose descriptor is not one (parse_configuration shortens its list before
# the interface is cleared), which only the test with random descriptors brings about: twice. Whatever the driver itself
# would forget of a configuration, all other tests show.
echo leak:randomDescriptorsNeitherCrashNorHideOthers >> "$suppressions"
export LSAN_OPTIONS="suppressions=$suppressions:print_suppressions=0"
# Libraries without frame pointers would end the stacks of allocations before they come to a function with a name.
export ASAN_OPTIONS="detect_leaks=1:halt_on_error=1:fast_unwind_on_malloc=0"
export TSAN_OPTIONS="halt_on_error=0:exitcode=66"

for sanitizer in "$@"; do
    case "$sanitizer" in
        address | thread) ;;
        *) echo "sanitizers.sh: there is no sanitizer $sanitizer here; address or thread" >&2; exit 64 ;;
    esac
    echo "== $sanitizer"
    swift build -c release --sanitize="$sanitizer" --scratch-path ".build-$sanitizer" --build-tests
    # Without the older test library, whose own memory would count as leaked.
    swift test -c release --sanitize="$sanitizer" --scratch-path ".build-$sanitizer" --skip-build --disable-xctest \
        --filter "$filter"
done
echo "no findings: $*"
