#!/usr/bin/env python3
"""Times one training step of Volley, without a device, beside the same step of other frameworks.

    swift build -c release --product Benchmarks
    python3 Tests/Peers/peers.py                       # T = 100 and 20, on one core and on all
    python3 Tests/Peers/peers.py --quick               # T = 100, one core, the fastest few
    python3 Tests/Peers/peers.py --steps 20 --only spyx torch-compiled --json peers.json

The network is 256-246-10, batches of 100, about 56 input events a pattern, float32: forward, cross-entropy of the
maximum over time, backward with the fast sigmoid, Adam. All get the same events, labels and initial weights, from
Volley. Each contestant is a process of its own; they take turns, and a ratio is the median over the turns of Volley's
rate by the other's in the same turn. Losses of the first training steps are compared where the neurons are the same.

Packages go to virtual environments in $XDG_CACHE_HOME/volley/peers, at the versions of requirements-*.txt. What cannot
be installed or does not start is reported and left out.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import venv

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
# In each: name, what it is, whether it is a framework's own neurons and training step or code that an expert wrote.
CONTESTANTS = {
    "snntorch": ("torch", "snnTorch", "framework"),
    "snntorch-compiled": ("torch", "snnTorch, torch.compile", "framework"),
    "norse": ("torch", "Norse", "framework"),
    "norse-compiled": ("torch", "Norse, torch.compile", "framework"),
    "spikingjelly": ("torch", "SpikingJelly, multi-step", "framework"),
    "spyx": ("jax", "spyx", "framework"),
    "torch": ("torch", "PyTorch, own adjoint, by events", "expert"),
    "torch-compiled": ("torch", "PyTorch, own adjoint, torch.compile", "expert"),
    "jax": ("jax", "JAX, own adjoint", "expert"),
    "jax-events": ("jax", "JAX, own adjoint, by events", "expert"),
}
QUICK = ["spyx", "torch", "jax-events"]
# First losses come from the same weights; later ones part, as Adam's first steps follow the sign of tiny gradients.
FIRST_TOLERANCE, LATER_TOLERANCE = 1e-4, 2e-2
# Tells the C library to keep freed memory: arrays of 10 MB come and go in each step, and clearing new pages for them
# takes others up to 40 % of their time. Volley runs without.
KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": "4000000000", "MALLOC_TRIM_THRESHOLD_": "4000000000", "MALLOC_TOP_PAD_": "200000000"}


def environment(kind):
    """The interpreter of a virtual environment, made when it is not there or not of the versions asked for."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    folder = cache / "volley" / "peers" / kind
    wanted = (FOLDER / f"requirements-{kind}.txt").read_text()
    stamp = folder / "installed.txt"
    if stamp.exists() and stamp.read_text() == wanted:
        return folder / "bin" / "python"
    print(f"Installing the {kind} environment into {folder}", file=sys.stderr)
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True, clear=True)
    failed = []
    for line in wanted.splitlines():
        if line and not line.startswith("#"):
            result = subprocess.run([python, "-m", "pip", "install", "--quiet", line])
            if result.returncode != 0:
                failed.append(line)
    if failed:
        print(f"Not installed: {', '.join(failed)}. For torch, set PIP_EXTRA_INDEX_URL to PyTorch's index of CPU "
              "wheels, or PIP_FIND_LINKS to a folder that holds them.", file=sys.stderr)
    else:
        stamp.write_text(wanted)
    return python


class Contestant:
    """A process that answers each line with a timed run."""

    def __init__(self, name, command, threads, folder):
        self.name, self.rates = name, []
        self.log = open(folder / f"{name}.log", "w+")
        cores = sorted(os.sched_getaffinity(0))[-threads:]
        variables = dict(
            os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads), PYTHONDONTWRITEBYTECODE="1")
        if name in CONTESTANTS:
            variables |= KEEP_MEMORY
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
            text=True, env=variables, preexec_fn=lambda: os.sched_setaffinity(0, cores))

    def answer(self):
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        self.process.wait()
        self.log.seek(0)
        reason = self.log.read().strip().splitlines()
        raise RuntimeError(reason[-1] if reason else f"it ended with status {self.process.returncode}")

    def run(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        self.rates.append(self.answer()["patterns_per_second"])

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.log.close()


def check(losses, reference):
    """Nothing if the losses are Volley's, else what differs."""
    for index, (here, there) in enumerate(zip(losses, reference)):
        tolerance = FIRST_TOLERANCE if index == 0 else LATER_TOLERANCE
        if not abs(here - there) <= tolerance * abs(there):
            return f"loss of step {index} is {here:.6f}, Volley's {there:.6f}"
    return None


def compare(options, steps, threads, folder):
    """All contestants on one kind of work; rows of the result."""
    work = folder / f"work-{steps}.safetensors"
    volley_command = [options.volley, "step", "--steps", steps, "--threads", threads]
    if options.level:
        volley_command += ["--level", options.level]
    subprocess.run([str(part) for part in volley_command + ["--export", work]], check=True)
    contestants, rows, left_out = [], [], {}
    volley = Contestant("volley", volley_command + ["--take-turns"], threads, folder)
    ready = {"volley": volley.answer()}
    for name in options.only:
        kind = CONTESTANTS[name][0]
        command = [environment(kind), FOLDER / "worker.py", name, work, threads]
        contestant = Contestant(name, command, threads, folder)
        try:
            ready[name] = contestant.answer()
            mismatch = ready[name]["exact"] and check(ready[name]["losses"], ready["volley"]["losses"])
            if mismatch:
                raise RuntimeError(mismatch)
            contestants.append(contestant)
            print(f"  {name} ready after {ready[name]['start_seconds']:.0f} s", file=sys.stderr)
        except (RuntimeError, json.JSONDecodeError) as error:
            contestant.process.kill()
            left_out[name] = str(error)
            print(f"  {name} is left out: {error}", file=sys.stderr)
    for _ in range(options.runs):
        for contestant in [volley] + contestants:
            contestant.run(options.seconds)
    for contestant in [volley] + contestants:
        contestant.close()
        ratios = sorted(ours / theirs for ours, theirs in zip(volley.rates, contestant.rates))
        rows.append({
            "name": contestant.name, "version": ready[contestant.name].get("version", ""),
            "kind": CONTESTANTS[contestant.name][2] if contestant is not volley else "volley",
            "same_losses": contestant is volley or ready[contestant.name]["exact"],
            "hidden_spikes_per_pattern": ready[contestant.name]["spikes_per_pattern"],
            "patterns_per_second": sorted(contestant.rates),
            "ratio": statistics.median(ratios), "ratios": ratios})
    return {"steps": steps, "threads": threads, "rows": rows, "left_out": left_out}


def show(result):
    """A result as a table."""
    steps, threads = result["steps"], result["threads"]
    print(f"\nT = {steps}, {threads} core{'s' if threads > 1 else ''}: training step in software, patterns/s\n")
    print(f"  {'':38}{'median':>9}{'min':>9}{'max':>9}{'Volley is':>12}{'spikes':>8}  losses")
    for row in sorted(result["rows"], key=lambda row: row["ratio"]):
        label = CONTESTANTS[row["name"]][1] if row["name"] in CONTESTANTS else "Volley"
        rates = row["patterns_per_second"]
        ratio = "" if row["kind"] == "volley" else f"{row['ratio']:.1f} x"
        losses = "" if row["kind"] == "volley" else "as Volley's" if row["same_losses"] else "own neuron"
        print(f"  {label:38}{statistics.median(rates):9,.0f}{rates[0]:9,.0f}{rates[-1]:9,.0f}{ratio:>12}"
              f"{row['hidden_spikes_per_pattern']:8.1f}  {losses}")
    for kind, words in (("framework", "fastest framework"), ("expert", "fastest expert code")):
        rows = [row for row in result["rows"] if row["kind"] == kind]
        if rows:
            best = min(rows, key=lambda row: row["ratio"])
            print(f"  {words + ': ' + CONTESTANTS[best['name']][1]}, Volley is {best['ratio']:.1f} times as fast")
    for name, reason in result["left_out"].items():
        print(f"  left out: {name}: {reason}")


def machine():
    """What this ran on."""
    model, flags = platform.processor(), []
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            model = value.strip()
        elif key.strip() == "flags":
            flags = value.split()
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return {
        "processor": model, "cores": len(os.sched_getaffinity(0)),
        "instruction_sets": [name for name in ("avx2", "avx512f") if name in flags],
        "kernel": platform.release(), "python": platform.python_version(),
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        # Processes that wanted a core in the minute before: more than a little, and the figures are not to be trusted.
        "load_before": os.getloadavg()[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--volley", type=pathlib.Path, default=ROOT / ".build" / "release" / "Benchmarks",
                        help="the Benchmarks executable")
    parser.add_argument("--level", help="instruction set of Volley's kernels: baseline, avx2 or avx512")
    parser.add_argument("--steps", type=int, nargs="+", default=[100, 20])
    parser.add_argument("--threads", type=int, nargs="+", default=None, help="cores to use; default: 1, and all")
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, metavar="NAME", help=", ".join(CONTESTANTS))
    parser.add_argument("--runs", type=int, default=5, help="turns of each contestant")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a turn")
    parser.add_argument("--quick", action="store_true", help=f"T = 100, one core, 3 turns: {', '.join(QUICK)}")
    parser.add_argument("--json", type=pathlib.Path, help="file for the results")
    options = parser.parse_args()
    if options.quick:
        options.steps, options.threads, options.runs = [100], [1], 3
    options.only = options.only or (QUICK if options.quick else list(CONTESTANTS))
    if not options.volley.exists():
        sys.exit(f"{options.volley} is missing; build it: swift build -c release --product Benchmarks")
    cores = len(os.sched_getaffinity(0))
    if options.threads is None:
        options.threads = [1] if cores == 1 else [1, cores]
    if max(options.threads) > cores:
        sys.exit(f"--threads {max(options.threads)}: this machine gives {cores} cores")
    description, results = machine(), []
    with tempfile.TemporaryDirectory() as folder:
        for steps in options.steps:
            for threads in options.threads:
                results.append(compare(options, steps, threads, pathlib.Path(folder)))
                show(results[-1])
    print(f"\n{description['processor']}, {description['cores']} cores, {', '.join(description['instruction_sets'])}, "
          f"kernel {description['kernel']}, {description['date']}, commit {description['commit']}, "
          f"load before {description['load_before']:.1f}")
    if options.json:
        options.json.write_text(json.dumps({"machine": description, "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
