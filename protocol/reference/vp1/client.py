"""A host: batches on a session, each with exactly one result (SPEC section 10.5)."""

import time
from dataclasses import dataclass, field

from . import control
from .control import pb
from .frames import Flag, Type
from .hashes import configuration_hash, content_hash
from .results import Costs, ResultChunk, chunk_crc
from .session import LinkLost, Refused, Session
from .spikes import SpikeBlock, StageBlock
from .status import Retry, Status, WireError
from .weights import WeightBlock, image_crc

_PATIENCE = 30.0
_CHUNK_BYTES = 512 * 1024


@dataclass
class Batch:
    """A complete statement of what is to run; `number` is unique within the run."""

    number: int
    configuration: pb.Configure
    weights: list
    inputs: SpikeBlock
    observables: pb.Observables
    chunk_entries: int = 0

    @property
    def neurons(self):
        """The number of logical neurons."""
        return sum(population.size for population in self.configuration.populations)


@dataclass
class Result:
    """What a batch gave: spikes for each entry as (tick, neuron), CADC codes by chunk, costs."""

    batch: int
    chunks: list = field(default_factory=list)
    costs: Costs = Costs()
    done: pb.Done = None
    duplicate: bool = False

    @property
    def spikes(self):
        """For each entry its events; empty where spikes were not asked for."""
        return [entry for chunk in self.chunks if chunk.spikes for entry in chunk.spikes.entries]

    @property
    def validity(self):
        """A byte for each entry; 0 is good."""
        return b"".join(chunk.validity for chunk in self.chunks)


class Client:
    """Runs batches on the device at an address. It waits for the lease and for the device up to `patience` seconds."""

    def __init__(self, address, patience=_PATIENCE, **session):
        self.session = Session(address, **session)
        self.patience = patience
        self.description = None
        self._configuration = None
        self._epoch = 0
        self._image = None
        self._attempts = {}

    def __enter__(self):
        self._reopen(time.monotonic() + self.patience)
        return self

    def __exit__(self, *_):
        self.session.close()

    def run(self, batch):
        """Runs a batch to its one result, over lost links and restarts. Raises Refused, LinkLost after the patience."""
        deadline = time.monotonic() + self.patience
        while True:
            try:
                result = self._attempt(batch)
                self._attempts.pop(batch.number, None)
                return result
            except LinkLost:
                if time.monotonic() > deadline:
                    raise
                self._reopen(deadline)
            except Refused as refusal:
                if time.monotonic() > deadline or not self._can_go_on(refusal):
                    raise

    def cancel(self, number):
        """Cancels a batch; returns the `BatchState` that it ended in."""
        return self.session.ask(Type.CANCEL, pb.Cancel(batch=number)).state

    # Links and lease

    def _open(self):
        self.session.open()
        self.description = self.session.describe()

    def _reopen(self, deadline):
        boot, known = self.session.boot, self.description
        while True:
            try:
                self._open()
                break
            except LinkLost:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        if self.session.boot != boot:
            self._forget_chip()
            self._attempts = {number: attempt + 1 for number, attempt in self._attempts.items()}
        new = self.description
        if known and (known.serial, known.profile, known.calibration) != (new.serial, new.profile, new.calibration):
            raise Refused(
                Status.INVALID,
                pb.Fault(detail=f"another chip came back: serial {new.serial}, profile {new.profile}"),
                Type.DESCRIBE,
            )

    def _can_go_on(self, refusal):
        """Does what the class of the status asks for; false where nothing helps."""
        if refusal.status in (Status.EPOCH_MISMATCH, Status.FORGOTTEN):
            self._forget_chip()
            self.session.held = {}
            time.sleep(0.02)
        elif refusal.retry == Retry.AFTER_ACQUIRING:
            self.session.token = 0
        elif refusal.retry == Retry.FRESH_LINK:
            self._reopen(time.monotonic() + self.patience)
        elif refusal.retry == Retry.SAME_LATER:
            time.sleep(0.1)
        else:
            return False
        return True

    def _forget_chip(self):
        self._configuration, self._epoch, self._image = None, 0, None

    def _ensure_lease(self):
        if self.session.has_lease:
            return
        chip = self.session.acquire().chip
        if chip.configuration_hash != self._configuration or self._image is None:
            self._configuration = chip.configuration_hash or None
            self._image = None
        elif (chip.epoch, chip.image_crc) != (self._epoch, image_crc(self._image)):
            self._image = None
        self._epoch = chip.epoch

    # Batches

    def _attempt(self, batch):
        self._ensure_lease()
        session, token = self.session, self.session.token
        payload = control.encode(batch.configuration)
        configuration = configuration_hash(payload)
        stage = StageBlock(0, batch.inputs).encoded()
        crc = image_crc(batch.weights)
        content = content_hash(configuration, crc, batch.observables, stage[8:])
        attempt = self._attempts.setdefault(batch.number, 1)
        held = session.held.get(batch.number)
        fetch = held is not None and held.content_hash == content
        requests = [] if fetch else self._send_chip_state(batch, payload, configuration, token)
        if not fetch:
            requests.append(session.send(Type.STAGE, stage, token=token))
        execute = pb.Execute(
            batch=batch.number,
            attempt=attempt,
            configuration_hash=configuration,
            epoch=self._epoch,
            image_crc=crc,
            observables=batch.observables,
            chunk_entries=batch.chunk_entries or self._chunk_entries(batch),
            content_hash=content,
        )
        if not fetch:
            execute.slot = 0
        request = session.send(Type.EXECUTE, execute, token=token)
        refusal = None
        for earlier in requests:
            try:
                session.answer(earlier)
            except Refused as error:
                refusal = refusal or error
        try:
            result = self._collect(batch, request, configuration, crc, content)
        except Refused as error:
            if refusal is not None:
                self._forget_chip()
            raise (refusal or error) from None
        session.send(Type.ACK, pb.Ack(through_request=request), notice=True)
        session.held.pop(batch.number, None)
        return result

    def _send_chip_state(self, batch, payload, configuration, token):
        """Sends what the chip has not got; returns the requests."""
        session, requests = self.session, []
        if self._configuration != configuration:
            requests.append(session.send(Type.CONFIGURE, payload, token=token))
            self._configuration, self._image, self._epoch = configuration, None, 0
        if self._image != batch.weights:
            epoch = self._epoch + 1
            if self._image is None:
                block = WeightBlock.full(batch.weights, epoch)
            else:
                block = WeightBlock.delta(self._image, self._epoch, batch.weights, epoch)
            requests.append(session.send(Type.WEIGHTS, block.encoded(), token=token))
            requests.append(session.send(Type.COMMIT, pb.Commit(epoch=epoch, image_crc=block.crc), token=token))
            self._image, self._epoch = list(batch.weights), epoch
        return requests

    def _chunk_entries(self, batch):
        size = 1 + batch.observables.membrane_count * batch.configuration.sample_count
        if batch.observables.spikes:
            size += 4 + 4 * (self.description.geometry.maximum_events_per_entry or batch.neurons)
        return max(1, min(_CHUNK_BYTES, self.session.credit // 2) // size)

    def _collect(self, batch, request, configuration, crc, content):
        """Gathers and checks a result (RES-001, RES-002, CST-001). Raises LinkLost for one that cannot be used."""
        result, payloads = Result(batch.number), []
        for message in self.session.responses(request):
            try:
                if message.header.type == Type.RESULT:
                    payloads.append(message.payload)
                    result.chunks.append(ResultChunk.decode(message.payload, batch.neurons, batch.configuration.window))
                    self._check_chunk(result)
                elif message.header.type == Type.DONE:
                    result.done = control.parse(pb.Done, message.payload)
                    result.duplicate = bool(message.header.flags & Flag.DUPLICATE)
                    result.costs = Costs.decode(result.done.costs)
            except WireError as error:
                raise LinkLost(f"result of batch {batch.number}: {error}") from error
        done = result.done
        stated = (
            (
                done.batch,
                done.chunks,
                done.chunk_crc,
                done.entries,
                done.configuration_hash,
                done.image_crc,
                done.content_hash,
            )
            if done
            else None
        )
        found = (batch.number, len(payloads), chunk_crc(payloads), len(result.validity), configuration, crc, content)
        if stated != found or len(result.validity) != len(batch.inputs.entries):
            raise LinkLost(f"the result of batch {batch.number} is not what DONE states")
        return result

    @staticmethod
    def _check_chunk(result):
        chunk = result.chunks[-1]
        first = sum(len(former.validity) for former in result.chunks[:-1])
        if (chunk.batch, chunk.number, chunk.first_entry) != (result.batch, len(result.chunks) - 1, first):
            raise WireError(Status.INVALID, f"chunk {chunk.number} of batch {chunk.batch} out of order", 0)
