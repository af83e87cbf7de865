"""The toy device's chip and batches (SPEC sections 10.4 to 10.6)."""

import math
import time

from .. import control
from ..control import pb
from ..frames import Flag, Type
from ..hashes import configuration_hash, content_hash
from ..results import Costs
from ..spikes import StageBlock
from ..status import Status, WireError
from ..weights import WeightBlock, image_crc
from . import chip
from .jobs import Job


class Requests:
    """What a device does for the holder of the lease. The session side is in `Device`."""

    def __init__(self, serial, limits):
        self.serial = serial
        self.limits = limits
        self.now = 0.0
        self.network = None
        self.configuration = b""
        self.epoch = 0
        self.image = None
        self.shadow = None
        self.jobs = {}
        self.queue = []
        self.counters = dict.fromkeys(
            (
                "jobs_executed",
                "jobs_cancelled",
                "jobs_failed",
                "duplicates_answered",
                "entries_executed",
                "frames_received",
                "frames_sent",
                "checksum_errors",
                "link_errors",
                "requests_fenced",
            ),
            0,
        )
        self.costs = Costs()

    def uptime_ms(self):
        """Since the clock's zero."""
        return round(self.now * 1000)

    # The chip

    def chip_state(self):
        """What the chip holds (LSE-005)."""
        crc = image_crc(self.image) if self.image is not None else 0
        return pb.ChipState(configuration_hash=self.configuration, epoch=self.epoch, image_crc=crc)

    def on_configure(self, link, message):
        """CFG-001, CFG-002."""
        wanted = control.parse(pb.Configure, message.payload)
        digest = configuration_hash(message.payload)
        if digest != self.configuration:
            self.network = chip.Network(wanted)
            self.configuration, self.epoch, self.image, self.shadow = digest, 0, None, None
        self.answer(link, message, pb.ConfigureReply(configuration_hash=digest))

    def _configured(self):
        if self.network is None:
            raise WireError(Status.EPOCH_MISMATCH, "the chip is not configured")
        return self.network

    def on_weights(self, link, message):
        """WGT-001 to WGT-003."""
        network = self._configured()
        block = WeightBlock.decode(message.payload, network.synapses, chip.GEOMETRY.weight_limit)
        self.shadow = (block.epoch, block.crc, block.image(self.image, self.epoch))
        self.answer(link, message)

    def on_commit(self, link, message):
        """WGT-004."""
        commit = control.parse(pb.Commit, message.payload)
        if self.shadow is None or (commit.epoch, commit.image_crc) != self.shadow[:2]:
            raise WireError(Status.EPOCH_MISMATCH, f"epoch {commit.epoch} is not what was last written")
        former = self.image or [None] * len(self.shadow[2])
        changed = sum(old != new for old, new in zip(former, self.shadow[2]))
        self.epoch, _, self.image = self.shadow
        self.shadow = None
        self.answer(link, message, pb.CommitReply(epoch=commit.epoch, image_crc=commit.image_crc, changed=changed))

    def on_stage(self, link, message):
        """STG-001."""
        network = self._configured()
        wanted = network.configuration
        block = StageBlock.decode(message.payload, wanted.input_count, wanted.window, link.limits.slots)
        entries = block.spikes.entries
        if len(entries) > chip.GEOMETRY.maximum_entries_per_batch:
            raise WireError(Status.TOO_LARGE, f"{len(entries)} entries", 8 + 16)
        for index, events in enumerate(entries):
            if len(events) > chip.GEOMETRY.maximum_events_per_entry:
                raise WireError(Status.TOO_LARGE, f"{len(events)} events in entry {index}", 8 + 32 + 4 * index)
        link.session.slots[block.slot] = (message.payload[8:], block.spikes)
        self.answer(link, message)

    # Batches

    def held(self, session):
        """The batches of the session's run, the newest of them where all are above the control limit (OPN-003)."""
        held = [
            pb.HeldBatch(batch=number, state=job.state, content_hash=job.execute.content_hash)
            for (run, number), job in self.jobs.items()
            if run == session.run
        ]
        return held[-((session.link.limits.control_payload - 64) // 49) :]

    def on_execute(self, link, message):
        """EXE-001 to EXE-003."""
        execute = control.parse(pb.Execute, message.payload)
        session, request = link.session, message.header.request
        key = (session.run, execute.batch)
        job = self.jobs.get(key)
        if job is not None and job.execute.content_hash != execute.content_hash:
            if job.session is session or not self.is_detached(job.session):
                raise WireError(Status.DUPLICATE_MISMATCH, f"batch {execute.batch} is held with another content")
            self._drop(job)
            job = None
        if job is not None:
            return self._again(link, message, job, execute)
        if not execute.HasField("slot"):
            raise WireError(Status.FORGOTTEN, f"batch {execute.batch} is not held")
        if execute.slot not in session.slots:
            raise WireError(Status.INVALID, f"slot {execute.slot} is empty")
        if self.is_leaving:
            raise WireError(Status.SHUTTING_DOWN, "the device takes no new batches")
        spike_block, inputs = session.slots[execute.slot]
        network = self._checked(execute, spike_block)
        mine = [held for held in self.jobs.values() if held.session is session]
        if sum(held.state != pb.BATCH_STATE_DONE for held in mine) >= link.limits.slots:
            raise WireError(Status.BUSY, f"{link.limits.slots} batches wait already")
        if len(mine) >= link.limits.results_kept:
            raise WireError(Status.BUSY, f"{link.limits.results_kept} results are kept already")
        job = self.jobs[key] = Job(
            session, execute, network, self.image, inputs, request, request, link.limits.message, link
        )
        del session.slots[execute.slot]
        ahead = len(self.queue)
        self.queue.append(job)
        reply = pb.ExecuteReply(batch=execute.batch, state=job.state, ahead=ahead)
        self.answer(link, message, reply, flags=Flag.RESPONSE)

    def _checked(self, execute, spike_block):
        """EXE-002."""
        network = self._configured()
        if execute.configuration_hash != self.configuration:
            raise WireError(Status.EPOCH_MISMATCH, "the configuration is another one")
        if self.image is None or (execute.epoch, execute.image_crc) != (self.epoch, image_crc(self.image)):
            raise WireError(Status.EPOCH_MISMATCH, f"epoch {execute.epoch} is not the current image")
        observables = execute.observables
        content = content_hash(self.configuration, execute.image_crc, observables, spike_block)
        if execute.content_hash != content:
            raise WireError(Status.INVALID, "the content hash is another one")
        if observables.first_membrane + observables.membrane_count > network.neurons:
            raise WireError(
                Status.INVALID,
                f"{observables.membrane_count} membranes from {observables.first_membrane} on, the "
                f"network has {network.neurons}",
            )
        if not math.isfinite(observables.reference):
            raise WireError(Status.INVALID, "the reference voltage is not a number")
        trace = observables.membrane_count * network.configuration.sample_count
        if trace > chip.GEOMETRY.trace_memory_bytes:
            raise WireError(
                Status.INVALID,
                f"{trace} bytes of samples for each entry, the trace memory has {chip.GEOMETRY.trace_memory_bytes}",
            )
        return network

    def _again(self, link, message, job, execute):
        """The same content once more: what is there is sent, and never run again."""
        longest = max(map(len, job.chunks), default=0)
        if longest > link.limits.message:
            raise WireError(Status.INVALID, f"a chunk of {longest} bytes, the link takes {link.limits.message}")
        self._end_waiting(job, Status.CANCELLED, "a later EXECUTE of the same batch gets the result")
        self.counters["duplicates_answered"] += 1
        if execute.HasField("slot"):
            link.session.slots.pop(execute.slot, None)
        job.session, job.request, job.waiting = link.session, message.header.request, link
        job.largest_message = link.limits.message
        reply = pb.ExecuteReply(batch=job.execute.batch, state=job.state)
        self.answer(link, message, reply, flags=Flag.RESPONSE)
        if job.state == pb.BATCH_STATE_DONE:
            link.deliveries.append([job.request, job, 0, Flag.DUPLICATE])

    def on_cancel(self, link, message):
        """EXE-005."""
        number = control.parse(pb.Cancel, message.payload).batch
        job = self.jobs.get((link.session.run, number))
        state = pb.BATCH_STATE_CANCELLED
        if job is not None and job.state == pb.BATCH_STATE_DONE:
            state = pb.BATCH_STATE_DONE
        elif job is not None:
            self.counters["jobs_cancelled"] += 1
            self._end_job(job, Status.CANCELLED, f"batch {number} was cancelled by the host")
        self.answer(link, message, pb.CancelReply(batch=number, state=state))

    def on_list(self, link, message):
        """DSC-001."""
        self.answer(link, message, pb.ListReply(held=self.held(link.session)))

    def on_get(self, link, message):
        """The device's counters, as REPORT."""
        health = pb.Health(
            uptime_ms=self.uptime_ms(),
            sessions=len(self.sessions),
            jobs_queued=len(self.queue),
            results_kept=len(self.jobs) - len(self.queue),
            costs=self.costs.encoded(),
            **self.counters,
        )
        if self.lease.session is not None:
            health.holders.append(self.holder())
        self.answer(link, message, health, type=Type.REPORT)

    def free_results(self, session, through):
        """ACK (EXE-004)."""
        for job in list(self.jobs.values()):
            if job.session is session and job.state == pb.BATCH_STATE_DONE and job.first_request <= through:
                self._end_job(job, Status.CANCELLED, "the result was acknowledged before all of it was sent")

    def forget_jobs(self, session):
        """All that a session that has ended held."""
        for job in [job for job in self.jobs.values() if job.session is session]:
            self._drop(job)

    def fence_jobs(self, holder):
        """LSE-004: the lease passes to `holder`, from whoever had it last, though it may be free by now."""
        for job in [job for job in self.queue if job.session is not holder]:
            self._end_job(job, Status.FENCED, "the lease has passed on")

    def _end_job(self, job, status, detail):
        self._drop(job)
        self._end_waiting(job, status, detail)

    def _end_waiting(self, job, status, detail):
        """Ends the EXECUTE that waits for a batch, if one does on a link that is still there (REQ-002)."""
        link, job.waiting = job.waiting, None
        if link is not None and self.links.get(link.identity) is link:
            link.deliveries = [delivery for delivery in link.deliveries if delivery[1] is not job]
            self.refuse(link, Type.EXECUTE, job.request, status, detail)

    def _drop(self, job):
        self.jobs.pop((job.session.run, job.execute.batch), None)
        if job in self.queue:
            self.queue.remove(job)

    # Running and sending

    def work(self, clock=time.monotonic):
        """Runs one entry of the batch whose turn it is; false if there is none."""
        if not self.queue:
            return False
        job = self.queue[0]
        if job.work(clock):
            longest = max(map(len, job.chunks))
            if longest > job.largest_message:
                self.counters["jobs_failed"] += 1
                self._end_job(job, Status.INVALID, f"a chunk of {longest} bytes; ask for fewer entries in each")
                return True
            self.queue.pop(0)
            self.counters["jobs_executed"] += 1
            self.counters["entries_executed"] += len(job.inputs.entries)
            self.costs += Costs.decode(pb.Done.FromString(job.done).costs)
            link = job.waiting
            if link is not None and self.links.get(link.identity) is link:
                link.deliveries.append([job.request, job, 0, Flag.NONE])
                self._deliver(link)
        return True

    def _deliver(self, link):
        """Sends what the credit allows (CRD-001); a chunk waits until there is credit for all of it."""
        while link.deliveries and link.session is not None:
            request, job, number, duplicate = link.deliveries[0]
            if number < len(job.chunks):
                chunk = job.chunks[number]
                if link.sent_results + len(chunk) > link.granted:
                    return
                link.sent_results += len(chunk)
                link.deliveries[0][2] += 1
                self._send(link, Type.RESULT, chunk, flags=Flag.RESPONSE | duplicate, request=request)
            else:
                link.deliveries.pop(0)
                job.waiting = None
                flags = Flag.RESPONSE | Flag.FINAL | duplicate
                self._send(link, Type.DONE, job.done, flags=flags, request=request)
