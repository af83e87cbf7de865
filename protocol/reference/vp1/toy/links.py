"""What the toy device remembers of links and sessions."""

from dataclasses import dataclass, field

from ..link import Receiver, Sender


@dataclass(eq=False)
class Link:
    """A carrier's peer; `greeted` after HELLO, `session` after OPEN (SPEC section 10.1)."""

    identity: bytes
    heard: float
    sender: Sender = field(default_factory=Sender)
    receiver: Receiver = field(default_factory=Receiver)
    greeted: bool = False
    limits: object = None
    session: object = None
    last_request: int = 0
    granted: int = 0
    sent_results: int = 0
    # Results on their way: (request, job, next chunk, flags).
    deliveries: list = field(default_factory=list)


@dataclass(eq=False)
class Session:
    """A host over several links (SPEC section 10.2)."""

    id: int
    token: bytes
    run: bytes
    label: str
    heard: float
    link: Link | None = None
    last_request: int = 0
    slots: dict = field(default_factory=dict)
    is_over: bool = False


@dataclass
class Lease:
    """The right to write (SPEC section 10.3). `token` stays after the end, to tell expired from fenced requests."""

    token: int
    session: Session | None = None
    since: float = 0.0
    ttl: float = 0.0
    until: float = 0.0

    def free(self):
        """Ends it; the token is never used again."""
        self.session = None
