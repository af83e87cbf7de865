"""Vectors of blocks and hashes (SPEC section 7)."""

from .collector import append, cut, put

SPIKES = {"units": 5, "window": 1000, "entries": [[[1, 0], [1, 4], [999, 2]], [], [[0, 3]]]}
SPIKE_CONTEXT = {"units": 5, "window": 1000}
FULL = {"encoding": 1, "epoch": 1, "codes": [3, -63, 63, 0, -1, 7, 8, 9, 10, -11]}
DELTA = {"encoding": 2, "base_epoch": 1, "epoch": 2, "former": FULL["codes"], "marked": [0, 8, 9], "codes": [-5, 6, 0]}
WEIGHT_CONTEXT = {"synapses": 10, "weight_limit": 63}
DELTA_CONTEXT = {**WEIGHT_CONTEXT, "current": FULL["codes"], "current_epoch": 1}
CHUNK = {"batch": 4, "number": 0, "first_entry": 0, "validity": "000c01"}
SAMPLES = {"first_column": 1, "columns": 2, "samples": 2, "period": 250, "codes": "00ff80017f020304aabbccdd"}
NEURON = [80, 70, 125, 10, 20, 30, 40, 1023, -128]
HASH = "464242042313041797e96517708ff69a589905d335c663520cf23c2a0b7ca114"


def add(collector):
    """Adds them all."""
    _spikes(collector)
    _stage(collector)
    _weights(collector)
    _results(collector)
    _costs(collector)
    _codes(collector)
    _hashes(collector)


def _random_spikes(random, units, window, entries, most):
    return [
        [
            list(event)
            for event in sorted(
                {(random.randrange(window), random.randrange(units)) for _ in range(random.randrange(most))}
            )
        ]
        for _ in range(entries)
    ]


def _spikes(collector):

    def valid(name, fields, trap=""):
        context = {"units": fields["units"], "window": fields["window"]}
        collector.valid(f"SPK-002/{name}", "spikes", fields, trap, context=context)

    valid("plain", SPIKES)
    valid("no-entries", {**SPIKES, "entries": []}, "no entries, no events")
    valid("no-events", {**SPIKES, "entries": [[], [], []]}, "entries without events")
    valid(
        "first-and-last", {"units": 65536, "window": 65535, "entries": [[[0, 0], [65534, 65535]]]}, "the widest block"
    )
    valid("one-unit", {"units": 1, "window": 1, "entries": [[[0, 0]]]}, "the narrowest block")
    valid(
        "same-tick",
        {"units": 4, "window": 9, "entries": [[[8, 0], [8, 1], [8, 2], [8, 3]]]},
        "units in order at one tick",
    )
    valid(
        "same-event-in-two-entries",
        {"units": 4, "window": 9, "entries": [[[3, 3]], [[3, 3]], [[0, 0]]]},
        "entries stand alone",
    )
    for index in range(8):
        random = collector.source(f"spikes-{index}")
        units, window = random.randrange(1, 300), random.randrange(1, 3000)
        valid(
            f"random-{index}",
            {"units": units, "window": window, "entries": _random_spikes(random, units, window, index + 1, 12)},
        )

    def refuse(id, trap, changes, offset, status="MALFORMED", context=SPIKE_CONTEXT, **extra):
        collector.invalid(id, "spikes", {**SPIKES, **changes}, trap, status, offset, context=context, **extra)

    events = 32 + 4 * 3
    for encoding in (0, 2, 0x0100, 0xFFFF):
        refuse(f"BLK-001/spikes-encoding-{encoding}", "an unknown encoding", {"encoding": encoding}, 0)
    for value in (1, 0x8000):
        refuse(f"BLK-001/spikes-reserved-2-{value}", "a reserved field", {"reserved_2": value}, 2, "RESERVED_NONZERO")
    for bit in (0, 31, 52):
        refuse(
            f"BLK-001/spikes-reserved-24-bit-{bit}",
            "a reserved field",
            {"reserved_24": 1 << bit},
            24,
            "RESERVED_NONZERO",
        )
    for tick in (0, 1, 7999, 8001, 0xFFFFFFFF):
        refuse(f"BLK-001/spikes-tick-{tick}", "a tick that is not 8 ns", {"tick_ps": tick}, 8)
    for units in (0, 4, 6, 0xFFFFFFFF):
        refuse(f"SPK-003/units-{units}", "the configuration has 5 units", {"units": units}, 4)
    for window in (0, 999, 1001, 65536):
        refuse(f"SPK-003/window-{window}", "the configuration has a window of 1000", {"window": window}, 12)
    refuse("SPK-001/decreasing", "ends decrease", {"ends": [3, 2, 4]}, 36)
    refuse("SPK-001/last-too-low", "the last end is below the number of events", {"ends": [1, 2, 3]}, 40)
    refuse("SPK-001/last-too-high", "the last end is above the number of events", {"ends": [1, 2, 5]}, 40)
    refuse("SPK-001/middle-too-high", "an end is above the number of events", {"ends": [1, 9, 4]}, 36)
    refuse("SPK-001/end-all-ones", "an end of 2^32 - 1", {"ends": [0xFFFFFFFF, 4, 4]}, 32)
    refuse("SPK-001/events-without-entries", "events that belong to no entry", {"ends": []}, 32)
    refuse("SPK-002/tick-order", "events out of order by tick", {"entries": [[[5, 1], [4, 1]]]}, 40)
    refuse("SPK-002/unit-order", "events of a tick out of order by unit", {"entries": [[[5, 3], [5, 2]]]}, 40)
    refuse("SPK-002/twice", "an event twice", {"entries": [[[5, 3], [5, 3]]]}, 40)
    refuse("SPK-002/order-in-second-entry", "events out of order", {"entries": [[[1, 1]], [[9, 0], [8, 0]]]}, 48)
    refuse("SPK-002/swapped-columns", "unit and tick swapped", {"entries": [[[0, 999]]]}, 36)
    refuse("SPK-002/tick-is-window", "a tick that is not below the window", {"entries": [[[1000, 0]]]}, 36)
    refuse("SPK-002/unit-is-count", "a unit that is not below the count", {"entries": [[[0, 5]]]}, 36)
    refuse(
        "SPK-002/last-event",
        "the last event of the block is out of the window",
        {"entries": [[[0, 0], [65535, 0]]]},
        40,
    )
    for name, length in (
        ("empty", 0),
        ("in-header", 31),
        ("no-ends", 32),
        ("in-ends", 43),
        ("no-events", events),
        ("in-events", events + 15),
    ):
        refuse(f"SPK-004/cut-{name}", "the block is cut off", {}, length, edits=[cut(length)])
    refuse("SPK-004/one-more-byte", "a byte after the block", {}, events + 16, edits=[append("00")])
    refuse("SPK-004/one-more-event", "an event after the block", {}, events + 16, edits=[append("e7030000")])
    for name, count in (("one", 5), ("2-to-30", 1 << 30), ("2-to-31", 1 << 31), ("all-ones", 0xFFFFFFFF)):
        refuse(f"SPK-004/events-{name}-more", "more events than bytes", {"event_count": count}, events + 16)
    refuse("SPK-004/fewer-events", "fewer events than bytes", {"event_count": 3, "ends": [3, 3, 3]}, events + 12)


def _stage(collector):
    context = {**SPIKE_CONTEXT, "slots": 2}
    for slot in (0, 1):
        collector.valid(f"STG-001/slot-{slot}", "stage", {"slot": slot, "spikes": SPIKES}, context=context)
    for slot in (2, 0xFFFFFFFF):
        collector.invalid(
            f"STG-001/slot-{slot}",
            "stage",
            {"slot": slot, "spikes": SPIKES},
            "no such slot",
            "TOO_LARGE",
            0,
            context=context,
        )
    for bit in (0, 31):
        collector.invalid(
            f"BLK-001/stage-reserved-bit-{bit}",
            "stage",
            {"slot": 0, "reserved_4": 1 << bit, "spikes": SPIKES},
            "a reserved field",
            "RESERVED_NONZERO",
            4,
            context=context,
        )
    for length in (0, 3, 7, 8, 39):
        collector.invalid(
            f"BLK-001/stage-cut-{length}",
            "stage",
            {"slot": 0, "spikes": SPIKES},
            "the block is cut off",
            "MALFORMED",
            length,
            context=context,
            edits=[cut(length)],
        )
    collector.invalid(
        "SPK-003/stage-units",
        "stage",
        {"slot": 0, "spikes": {**SPIKES, "units": 6}},
        "the configuration has 5 inputs",
        "MALFORMED",
        12,
        context=context,
    )


def _weights(collector):
    collector.valid("WGT-001/full", "weights", FULL, context=WEIGHT_CONTEXT)
    collector.valid("WGT-002/delta", "weights", DELTA, context=DELTA_CONTEXT)
    for synapses in (0, 1, 7, 8, 9, 16, 33):
        random = collector.source(f"weights-{synapses}")
        codes = [random.randint(-63, 63) for _ in range(synapses)]
        context = {"synapses": synapses, "weight_limit": 63}
        full = {"encoding": 1, "epoch": 5, "codes": codes}
        collector.valid(f"WGT-001/full-{synapses}", "weights", full, "sizes around whole bytes", context=context)
        marked = [index for index in range(synapses) if random.random() < 0.4]
        delta = {
            "encoding": 2,
            "base_epoch": 5,
            "epoch": 6,
            "former": codes,
            "marked": marked,
            "codes": [random.randint(-63, 63) for _ in marked],
        }
        held = {**context, "current": codes, "current_epoch": 5}
        collector.valid(f"WGT-002/delta-{synapses}", "weights", delta, "bitmaps with spare bits", context=held)
    collector.valid(
        "WGT-002/nothing", "weights", {**DELTA, "marked": [], "codes": []}, "no change", context=DELTA_CONTEXT
    )
    everything = {**DELTA, "marked": list(range(10)), "codes": list(range(10))}
    collector.valid("WGT-002/everything", "weights", everything, "all synapses change", context=DELTA_CONTEXT)
    same = {**DELTA, "codes": [3, 10, -11]}
    collector.valid("WGT-002/same-codes", "weights", same, "marked codes that do not change", context=DELTA_CONTEXT)
    largest = {**FULL, "epoch": 0xFFFFFFFF}
    collector.valid("WGT-001/largest-epoch", "weights", largest, "the highest epoch", context=WEIGHT_CONTEXT)

    def refuse(id, trap, fields, offset, status="MALFORMED", context=WEIGHT_CONTEXT, **extra):
        collector.invalid(id, "weights", fields, trap, status, offset, context=context, **extra)

    for encoding in (0, 3, 0x0100, 0xFFFFFFFF):
        fields = {**FULL, "encoding": encoding, "marked": []}
        refuse(f"BLK-001/weights-encoding-{encoding}", "an unknown encoding", fields, 0)
    for bit in (0, 31, 52):
        refuse(
            f"BLK-001/weights-reserved-bit-{bit}",
            "a reserved field",
            {**FULL, "reserved_24": 1 << bit},
            24,
            "RESERVED_NONZERO",
        )
    refuse(
        "BLK-001/weights-one-synapse-more",
        "more synapses than the configuration",
        {**FULL, "codes": [0] * 11},
        4,
        "TOO_LARGE",
    )
    refuse("BLK-001/weights-synapses-all-ones", "2^32 - 1 synapses", {**FULL, "synapses": 0xFFFFFFFF}, 4, "TOO_LARGE")
    refuse(
        "BLK-001/weights-one-synapse-fewer",
        "fewer synapses than the configuration",
        {**FULL, "codes": [0] * 9},
        4,
        "INVALID",
    )
    for base in (1, 2**32 - 1):
        fields = {**FULL, "base_epoch": base}
        refuse(f"BLK-001/weights-full-base-{base}", "a full image that names a base", fields, 8)
    refuse("BLK-001/weights-full-count", "a full image with fewer codes", {**FULL, "count": 9}, 20)
    for code in (64, -64, 127, -128):
        refuse(f"WGT-003/code-{code}", "a code above the limit", {**FULL, "codes": FULL["codes"][:-1] + [code]}, 41)
        refuse(
            f"WGT-003/delta-code-{code}",
            "a code above the limit",
            {**DELTA, "codes": [-5, code, 0]},
            35,
            context=DELTA_CONTEXT,
        )
    refuse("WGT-002/full-checksum", "not the image's checksum", {**FULL, "crc": 1}, 16, "EPOCH_MISMATCH")
    refuse(
        "WGT-002/delta-checksum",
        "not the resulting image's checksum",
        {**DELTA, "crc": 1},
        16,
        "EPOCH_MISMATCH",
        DELTA_CONTEXT,
    )
    refuse(
        "WGT-002/checksum-of-former",
        "the checksum of the former image",
        {**DELTA, "former": [0] * 10},
        16,
        "EPOCH_MISMATCH",
        DELTA_CONTEXT,
    )
    for base in (0, 2, 0xFFFFFFFF):
        refuse(
            f"WGT-002/base-{base}", "another base", {**DELTA, "base_epoch": base}, 8, "EPOCH_MISMATCH", DELTA_CONTEXT
        )
    for length in (0, 31, 32, 41):
        refuse(f"BLK-001/weights-full-cut-{length}", "the block is cut off", FULL, length, edits=[cut(length)])
    for length in (0, 31, 32, 33, 34, 36):
        refuse(
            f"BLK-001/weights-delta-cut-{length}",
            "the block is cut off",
            DELTA,
            length,
            context=DELTA_CONTEXT,
            edits=[cut(length)],
        )
    refuse("BLK-001/weights-full-long", "a byte after the block", FULL, 42, edits=[append("00")])
    refuse(
        "BLK-001/weights-delta-long", "a byte after the block", DELTA, 37, context=DELTA_CONTEXT, edits=[append("00")]
    )
    for bit in range(2, 8):
        edit = put(33, f"{0x03 | 1 << bit:02x}")
        refuse(
            f"BLK-001/weights-spare-bit-{bit}",
            "a spare bit of the bitmap",
            DELTA,
            33,
            context=DELTA_CONTEXT,
            edits=[edit],
        )
    refuse(
        "BLK-001/weights-one-mark-more",
        "more marks than codes",
        DELTA,
        20,
        context=DELTA_CONTEXT,
        edits=[put(32, "03")],
    )
    refuse(
        "BLK-001/weights-one-mark-fewer",
        "fewer marks than codes",
        DELTA,
        20,
        context=DELTA_CONTEXT,
        edits=[put(32, "00")],
    )
    refuse(
        "BLK-001/weights-more-codes-than-synapses",
        "more codes than synapses",
        {**DELTA, "count": 11},
        20,
        "TOO_LARGE",
        DELTA_CONTEXT,
    )
    collector.acceptable(
        "BLK-001/weights-full-base",
        "weights",
        {**FULL, "base_epoch": 1},
        "a full image that names a base",
        "MALFORMED",
        8,
        context=WEIGHT_CONTEXT,
    )


def _results(collector):
    spikes = {"units": 6, "window": 1000, "entries": [[[874, 2]], [], [[89, 5], [822, 5]]]}
    context = {"units": 6, "window": 1000}
    collector.valid("RES-001/spikes", "result", {**CHUNK, "spikes": spikes}, context=context)
    collector.valid("RES-001/samples", "result", {**CHUNK, "samples": SAMPLES}, context=context)
    collector.valid("RES-001/both", "result", {**CHUNK, "spikes": spikes, "samples": SAMPLES}, context=context)
    collector.valid("RES-001/neither", "result", CHUNK, "validity alone", context=context)
    empty = {**CHUNK, "validity": "", "spikes": {**spikes, "entries": []}}
    collector.valid("RES-001/no-entries", "result", empty, "the one chunk of an empty batch", context=context)
    for count in range(1, 9):
        validity = bytes(range(count)).hex()
        collector.valid(
            f"RES-001/validity-{count}",
            "result",
            {**CHUNK, "validity": validity},
            "padding to 4 bytes",
            context=context,
        )
    later = {**CHUNK, "batch": "0xfffffffffffffffe", "number": 7, "first_entry": 0xFFFFFFF0}
    collector.valid("RES-001/large-numbers", "result", later, "fields near their largest values", context=context)
    none = {**CHUNK, "samples": {**SAMPLES, "columns": 0, "codes": ""}}
    collector.valid("RES-001/no-columns", "result", none, "a grid without columns", context=context)

    def refuse(id, trap, fields, offset, status="MALFORMED", **extra):
        collector.invalid(id, "result", fields, trap, status, offset, context=context, **extra)

    for bit in (2, 3, 8, 31):
        refuse(
            f"BLK-001/result-contents-bit-{bit}",
            "unknown contents",
            {**CHUNK, "contents": 1 << bit},
            20,
            "RESERVED_NONZERO",
        )
    for bit in (0, 32, 52):
        refuse(
            f"BLK-001/result-reserved-bit-{bit}",
            "a reserved field",
            {**CHUNK, "reserved_24": 1 << bit},
            24,
            "RESERVED_NONZERO",
        )
    for bit in range(4, 8):
        refuse(
            f"BLK-001/result-validity-bit-{bit}",
            "an unknown validity bit",
            {**CHUNK, "validity": f"00{1 << bit:02x}00"},
            33,
            "RESERVED_NONZERO",
        )
    refuse("BLK-001/result-padding", "padding that is not zero", {**CHUNK, "padding": "01"}, 35)
    refuse("BLK-001/result-entries-all-ones", "more entries than bytes", {**CHUNK, "entries": 0xFFFFFFFF}, 36)
    refuse(
        "BLK-001/result-spike-entries",
        "spikes of another number of entries",
        {**CHUNK, "spikes": {**spikes, "entries": [[]]}},
        52,
    )
    refuse("SPK-003/result-units", "the configuration has 6 neurons", {**CHUNK, "spikes": {**spikes, "units": 7}}, 40)
    refuse(
        "SPK-003/result-window",
        "the configuration has a window of 1000",
        {**CHUNK, "spikes": {**spikes, "window": 999}},
        48,
    )
    for length in (0, 31, 32, 34, 35):
        refuse(f"BLK-001/result-cut-{length}", "the chunk is cut off", CHUNK, length, edits=[cut(length)])
    for length in (36, 51, 52, 63):
        refuse(
            f"BLK-001/result-samples-cut-{length}",
            "the samples are cut off",
            {**CHUNK, "samples": SAMPLES},
            length,
            edits=[cut(length)],
        )
    for name in ("columns", "samples"):
        grid = {**SAMPLES, name: 0xFFFFFFFF}
        refuse(f"BLK-001/result-{name}-all-ones", "more samples than bytes", {**CHUNK, "samples": grid}, 64)
    refuse("BLK-001/result-long", "a byte after the chunk", {**CHUNK, "samples": SAMPLES}, 64, edits=[append("00")])
    refuse(
        "BLK-001/result-samples-unannounced",
        "samples without their bit",
        {**CHUNK, "contents": 0, "samples": SAMPLES},
        36,
    )


def _costs(collector):
    counts = [100, 90, 6, 4, 50, 45, 3, 2]
    figures = [0.02, 2.24e-07, 4.8e-05, 4.4e-05, 0.0, 0.0056258, 3.58e-07, 4.608e-08, 0.000517676]
    collector.valid("CST-001/plain", "costs", {"counts": counts, "figures": figures})
    collector.valid("CST-001/nothing", "costs", {"counts": [0] * 8, "figures": [0.0] * 9})
    huge = "0x7fffffffffffffff"
    fields = {"counts": [huge, huge, 0, 0, huge, 0, huge, 0], "figures": figures}
    collector.valid("CST-001/large", "costs", fields, "counts of 63 bits")
    fields = {"counts": counts, "figures": [5e-324, 1.7976931348623157e308, 1e-300, 0.1, 1 / 3, 1.0, 2.0, 3.0, 4.0]}
    collector.valid("CST-001/extreme-figures", "costs", fields, "doubles travel bit for bit")
    for index, name in enumerate(
        ("offered", "accepted", "input-link", "drivers", "produced", "delivered", "arbitration", "output-link")
    ):
        for step in (-1, 1):
            wrong = [count + step * (place == index) for place, count in enumerate(counts)]
            collector.invalid(
                f"CST-001/{name}-{'more' if step > 0 else 'less'}",
                "costs",
                {"counts": wrong, "figures": figures},
                "an event is not accounted for",
                "MALFORMED",
                0,
            )
    wrapped = {"counts": ["0x0000000000000001", "0xffffffffffffffff", 2, 0, 0, 0, 0, 0], "figures": figures}
    collector.invalid("CST-001/wrapped", "costs", wrapped, "the sum is right modulo 2^64 only", "MALFORMED", 0)
    for length in (0, 1, 128, 135):
        collector.invalid(
            f"BLK-001/costs-cut-{length}",
            "costs",
            {"counts": counts, "figures": figures},
            "the block is cut off",
            "MALFORMED",
            length,
            edits=[cut(length)],
        )
    collector.invalid(
        "BLK-001/costs-long",
        "costs",
        {"counts": counts, "figures": figures},
        "a byte after the block",
        "MALFORMED",
        136,
        edits=[append("00")],
    )


def _codes(collector):
    context = {"neurons": 2, "bits": 10}
    two = {"neurons": [NEURON, [0] * 8 + [127]]}
    collector.valid("CFG-005/codes", "codes", two, context=context)
    collector.valid("CFG-005/codes-none", "codes", {"neurons": []}, context={"neurons": 0, "bits": 10})
    highest = {"neurons": [[1023] * 8 + [32767], [0] * 8 + [-32768]]}
    collector.valid("CFG-005/codes-extremes", "codes", highest, "all codes at their ends", context=context)
    full = {"neurons": [[65535] * 8 + [-1]]}
    collector.valid("CFG-005/codes-16-bits", "codes", full, "a chip with 16 bits", context={"neurons": 1, "bits": 16})
    for length in (0, 1, 18, 35):
        collector.invalid(
            f"CFG-005/codes-cut-{length}",
            "codes",
            two,
            "codes of fewer neurons than the population has",
            "INVALID",
            length,
            context=context,
            edits=[cut(length)],
        )
    for extra in ("00", "00" * 18):
        collector.invalid(
            f"CFG-005/codes-{len(extra) // 2}-more",
            "codes",
            two,
            "more codes than the population has neurons",
            "INVALID",
            36,
            context=context,
            edits=[append(extra)],
        )
    for place in (0, 7):
        neuron = [1024 if index == place else code for index, code in enumerate(NEURON)]
        collector.acceptable(
            f"CFG-005/codes-{place}-is-1024",
            "codes",
            {"neurons": [NEURON, neuron]},
            "a code above the highest one",
            "INVALID",
            18 + 2 * place,
            context=context,
        )


def _hashes(collector):
    fields = {
        "configuration_hash": HASH,
        "image_crc": 3379071991,
        "spikes": False,
        "first_membrane": 1,
        "membrane_count": 5,
        "inputs": SPIKES,
    }
    collector.valid("EXE-001/content", "content_hash", fields)
    collector.valid("EXE-001/content-spikes", "content_hash", {**fields, "spikes": True}, "spikes are recorded")
    collector.valid(
        "EXE-001/content-no-membranes", "content_hash", {**fields, "first_membrane": 0, "membrane_count": 0}
    )
    for reference in (0.0, 80.0, 100.5):
        collector.valid(
            f"EXE-001/content-reference-{reference:g}",
            "content_hash",
            {**fields, "reference": reference},
            "the reference counts if it is there, zero too",
        )
    collector.valid("EXE-001/content-image", "content_hash", {**fields, "image_crc": 0}, "another image")
    collector.valid("EXE-001/content-no-inputs", "content_hash", {**fields, "inputs": {**SPIKES, "entries": []}})
