"""The command line: run a network on a device, be a toy device, write or check the vectors, decode a frame."""

import argparse
import json
import sys
from pathlib import Path

import zmq

from . import control, network
from .client import Client
from .frames import Flag, Type, decode_frame
from .session import LinkLost, Refused
from .status import WireError, status_name
from .toy import chip
from .toy.server import serve
from .vectors import files

OK, USAGE, BAD_INPUT, UNAVAILABLE, FAULT, INTERRUPTED = 0, 64, 65, 69, 70, 130

EXAMPLES = """EXAMPLES
  python -m vp1 serve --listen tcp://127.0.0.1:7756
      a toy device; `volley chip --device zmq+tcp://127.0.0.1:7756` describes it
  python -m vp1 run --device tcp://127.0.0.1:7756 --entries 3
      a tiny network on any device; prints the spikes
  python -m vp1 vectors check
      holds the codec against all frozen vectors
  python -m vp1 decode 564c5931...
      a frame in words

EXIT STATUS
  0    all went well          69   device not there, busy or lost
  64   wrong arguments        70   the device is at fault
  65   bad input              130  interrupted
"""


def main(arguments=None):
    """Runs a command; returns the exit status."""
    parser = _Parser(
        prog="vp1",
        description="A reference of VP/1 in Python.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    run = commands.add_parser("run", help="run a tiny network on a device and print its spikes")
    run.add_argument("--device", required=True, metavar="URI", help="where it listens: tcp://HOST:PORT or ipc:///PATH")
    run.add_argument("--entries", type=int, default=2, help="entries of a batch (default: 2)")
    run.add_argument("--batches", type=int, default=1, help="batches, each with other weights (default: 1)")
    run.add_argument("--seed", type=int, default=1, help="of weights and inputs (default: 1)")
    run.add_argument(
        "--patience", type=float, default=30.0, metavar="S", help="seconds to wait for device and lease (default: 30)"
    )
    run.add_argument("--json", action="store_true", help="print a JSON object for each batch")
    toy = commands.add_parser("serve", help="be a toy device", description=chip.__doc__)
    toy.add_argument("--listen", required=True, metavar="URI", help="tcp://127.0.0.1:PORT (0 picks one) or ipc:///PATH")
    toy.add_argument("--serial", type=int, default=1, help="the serial that it states (default: 1)")
    vectors = commands.add_parser("vectors", help="check or write the frozen vectors")
    vectors.add_argument("action", choices=["check", "write"])
    vectors.add_argument("--folder", type=Path, default=files.FOLDER, help="default: protocol/vectors/v1")
    decode = commands.add_parser("decode", help="say what a frame is")
    decode.add_argument("frame", help="hexadecimal digits")
    chosen = parser.parse_args(arguments)
    try:
        return _COMMANDS[chosen.command](chosen)
    except (LinkLost, zmq.ZMQError) as error:
        return _fail(f"the link: {error}; is a device listening at the address?", UNAVAILABLE)
    except Refused as error:
        return _fail(str(error), UNAVAILABLE if error.retry else FAULT)
    except (WireError, OSError, ValueError) as error:
        return _fail(str(error), BAD_INPUT)
    except KeyboardInterrupt:
        return INTERRUPTED


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"vp1: {message}\n")


def _fail(text, status):
    print(f"vp1: {text}", file=sys.stderr)
    return status


def _run(chosen):
    if not 0 <= chosen.entries <= 1024 or chosen.batches < 1:
        return _fail("--entries goes from 0 to 1024, --batches from 1", USAGE)
    with Client(chosen.device, chosen.patience) as client:
        about = client.description
        if not chosen.json:
            print(f"device   serial {about.serial}, profile {about.profile}, firmware {about.firmware}")
        for number in range(1, chosen.batches + 1):
            result = client.run(network.batch(number, chosen.entries, chosen.seed + number - 1))
            if chosen.json:
                print(json.dumps(_summary(result)))
            else:
                _print_result(result)
    return OK


def _summary(result):
    return {
        "batch": result.batch,
        "spikes": result.spikes,
        "validity": list(result.validity),
        "samples": [chunk.samples.codes.hex() for chunk in result.chunks if chunk.samples],
        "offered": result.costs.offered,
        "delivered": result.costs.delivered,
    }


def _print_result(result):
    costs = result.costs
    print(
        f"batch {result.batch}  {costs.offered} events in, {costs.delivered} spikes out, "
        f"{costs.offered - costs.accepted + costs.produced - costs.delivered} lost"
    )
    for index, entry in enumerate(result.spikes):
        flags = f"  validity {result.validity[index]:#04x}" if result.validity[index] else ""
        print(f"  entry {index}{flags}")
        for neuron in sorted({neuron for _, neuron in entry}):
            times = ", ".join(f"{tick * chip.TICK_SECONDS * 1e6:.3f}" for tick, unit in entry if unit == neuron)
            print(f"    neuron {neuron}  {times} µs")


def _serve(chosen):
    serve(
        chosen.listen,
        chosen.serial,
        lambda address: print(f"vp1 ready on zmq+{address} serial {chosen.serial} profile toy", flush=True),
    )
    return OK


def _vectors(chosen):
    if chosen.action == "write":
        counts = files.write(chosen.folder)
        print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
        return OK
    wrong = files.failures(chosen.folder)
    for sentence in wrong:
        print(sentence)
    total = sum(len(files.load(verdict, chosen.folder)) for verdict in files.VERDICTS)
    print(f"{total - len(wrong)} of {total} vectors are as stated")
    return FAULT if wrong else OK


def _decode(chosen):
    frame = decode_frame(bytes.fromhex(chosen.frame))
    header = frame.header
    name = Type(header.type).name if header.type in set(Type) else f"type {header.type:#04x}"
    print(
        f"{name} {Flag(header.flags)!r} session {header.session:#x} "
        f"sequence {header.sequence} request {header.request} token {header.token} "
        f"status {status_name(header.status)} payload {len(frame.payload)} bytes, "
        f"fragment {header.fragment_index + 1} of {header.fragment_count}"
    )
    response = header.flags & Flag.RESPONSE
    kinds = control.RESPONSES if response else control.REQUESTS
    kind = control.pb.Fault if header.status else kinds.get(header.type)
    if kind is not None and header.fragment_count == 1:
        print(control.parse(kind, frame.payload), end="")
    return OK


_COMMANDS = {"run": _run, "serve": _serve, "vectors": _vectors, "decode": _decode}

if __name__ == "__main__":
    sys.exit(main())
