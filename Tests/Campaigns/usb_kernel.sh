#!/usr/bin/env bash
# The USB way through an unmodified kernel: Debian's, in a virtual machine without acceleration; about a minute.
#
#   Tests/Campaigns/usb_kernel.sh [COMMAND...]
#
# In the machine volleyd serves an emulated board over USB/IP, and vhci-hcd puts it on the kernel's bus; from there on all
# is as with a real board: usbcore, usbfs, libusb. The board has to be listed, the driver's tests that need a real bus have
# to pass, and a short training, amid which the board is pulled out and put in again, has to end with the weights of one
# over a local socket; so has one whose host is killed, when the next host has gone on with it. COMMAND runs there instead:
# `conformance --filter FRM-001 --patience 10` holds the board against the specification.
#
# The machine sees this one's files, read-only, and has no network. Needs qemu-system-x86, busybox-static, usbip
# and, the first time, 70 MB from Debian's archive; what is missing is named, and the check is skipped with status 0.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
case "${1-}" in
    -h | --help)
        sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$0"
        exit 0
        ;;
esac
cd "$here/../.."
SECONDS=0
cache=.build/usb-kernel
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

skip() {
    echo "usb_kernel.sh: skipped: $*"
    exit 0
}

fail() {
    echo "usb_kernel.sh: $*" >&2
    exit 1
}

for tool in qemu-system-x86_64 usbip dpkg-deb; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "$tool" >/dev/null \
        || skip "$tool is missing: apt-get install qemu-system-x86 usbip dpkg"
done
[ "$(uname -m)" = x86_64 ] || skip "this machine is $(uname -m), the check boots an x86_64 kernel"
busybox="$(command -v busybox)" || skip "busybox is missing: apt-get install busybox-static"
! ldd "$busybox" >/dev/null 2>&1 || skip "$busybox is not static: apt-get install busybox-static"

# Kernel and modules, in the order in which they are loaded.
modules=(
    drivers/virtio/virtio_ring drivers/virtio/virtio drivers/virtio/virtio_pci_modern_dev
    drivers/virtio/virtio_pci_legacy_dev drivers/virtio/virtio_pci fs/netfs/netfs fs/fscache/fscache net/9p/9pnet
    net/9p/9pnet_virtio fs/9p/9p drivers/usb/common/usb-common drivers/usb/core/usbcore drivers/usb/usbip/usbip-core
    drivers/usb/usbip/vhci-hcd
)
if [ ! -e "$cache/vmlinuz" ]; then
    command -v apt-get >/dev/null || skip "apt-get is missing, which gets Debian's kernel"
    package="$(apt-cache depends linux-image-amd64 2>/dev/null | awk '/Depends: linux-image/ { print $2; exit }')"
    [ -n "$package" ] || skip "apt-get does not know linux-image-amd64: apt-get update, on Debian"
    rm -rf "$cache"
    mkdir -p "$cache/unpacked"
    patterns=("${modules[@]/#/*/kernel/}")
    patterns=("${patterns[@]/%/.ko*}")
    (cd "$cache" && apt-get download -qq "$package") || skip "$package could not be downloaded"
    dpkg-deb --fsys-tarfile "$cache/$package"_*.deb \
        | tar -x -C "$cache/unpacked" --wildcards './boot/vmlinuz-*' "${patterns[@]}" 2>/dev/null || true
    for module in "${modules[@]}"; do
        # Kernels differ in what is built in.
        found="$(find "$cache/unpacked" -path "*/kernel/$module.ko*" | head -n 1)"
        [ -z "$found" ] || mv "$found" "$cache/$(basename "$module").ko"
    done
    mv "$cache"/unpacked/boot/vmlinuz-* "$cache/vmlinuz"
    rm -rf "$cache"/*.deb "$cache/unpacked"
fi

for program in volley volleyd; do
    [ -x ".build/release/$program" ] || fail ".build/release/$program is missing: make build"
done

# What the machine starts with: busybox, the modules, and a first program that goes over to this machine's files.
mkdir -p "$work"/{bin,dev,proc,sys,mnt,modules}
cp "$busybox" "$work/bin/busybox"
for module in "${modules[@]##*/}"; do
    [ ! -e "$cache/$module.ko" ] || {
        cp "$cache/$module.ko" "$work/modules/"
        echo "$module.ko" >>"$work/modules/order"
    }
done
{
    echo "export PATH=$(printf %q "$PATH"):/usr/sbin:/sbin HOME=/run TMPDIR=/run/tmp USB_REAL=1 SWIFT_BACKTRACE=enable=no"
    [ -z "${LD_LIBRARY_PATH-}" ] || echo "export LD_LIBRARY_PATH=$(printf %q "$LD_LIBRARY_PATH")"
    echo "cd $(printf %q "$PWD")"
    if [ $# -gt 0 ]; then
        printf '. Tests/Campaigns/usb_kernel_guest.sh; attach; '
        printf '%q ' "$@"
        echo
    else
        echo "bash Tests/Campaigns/usb_kernel_guest.sh check"
    fi
} >"$work/command"
cat >"$work/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do insmod "/modules/$module" || echo "insmod $module failed"; done
mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288,cache=loose,ro host /mnt || poweroff -f
for folder in dev proc sys; do mount --bind "/$folder" "/mnt/$folder"; done
mount -t tmpfs run /mnt/run
mkdir /mnt/run/tmp
ip link set lo up
cp /command /mnt/run/command
chroot /mnt /bin/bash /run/command
echo "usb-kernel-status=$?"
poweroff -f
INIT
chmod +x "$work/init"
(cd "$work" && find . | "$busybox" cpio -o -H newc 2>/dev/null | gzip -1) >"$work.initrd"
trap 'rm -rf "$work" "$work.initrd"' EXIT

# One processor: with two, emulated ones wait for each other ten times longer.
status=0
timeout "${VM_TIMEOUT:-300}" qemu-system-x86_64 -accel tcg -cpu max -smp 1 -m 2048 -nographic -no-reboot -nodefaults \
    -serial stdio -kernel "$cache/vmlinuz" -initrd "$work.initrd" \
    -append "console=ttyS0 quiet panic=-1 mitigations=off" \
    -fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap \
    -device virtio-9p-pci,fsdev=host,mount_tag=host </dev/null | tr -d '\r' | tee "$work/log" || status=$?
[ "$status" -ne 124 ] || fail "the machine was stopped after ${VM_TIMEOUT:-300} s"
grep -q '^usb-kernel-status=0' "$work/log" || fail "failed in the machine, see above ($SECONDS s)"
[ $# -eq 0 ] || exit 0

# The same training over a local socket, on this machine.
weights="$(sed -n 's/^weights //p' "$work/log")"
. Tests/Campaigns/usb_kernel_guest.sh
# Nothing of this user: a calibration in a cache may be of another version of the emulator.
export TMPDIR="$work" HOME="$work"
.build/release/volleyd serve --listen "ipc://$work/chip.sock" --serial 7 --log-level error >"$work/ready" &
trap 'kill %1 2>/dev/null || true; rm -rf "$work" "$work.initrd"' EXIT
for _ in $(seq 100); do [ -s "$work/ready" ] || sleep 0.05; done
reference="$(training "ipc://$work/chip.sock")" || fail "the training over a local socket failed"
[ "$weights" = "$reference" ] || fail "weights over USB are ${weights:-none}, over a local socket $reference"
echo "usb_kernel.sh: passed in $SECONDS s: weights over USB are those over a local socket ($reference)"
