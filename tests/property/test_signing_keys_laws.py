"""Laws of when the signer's keys are fetched, and for how long they count, over any history."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from call_callback.caller import (
    FETCH_PAUSE,
    KEPT,
    REFRESHED_AFTER,
    Caller,
    FetchKeys,
    NotYet,
    Refused,
    verify_caller,
)
from shared.ports import KnownKeys
from tests.fixtures.callers import GRAPHS, NOW, POLICY, STRANGERS, token

SECOND = timedelta(seconds=1)
type Kind = Literal["old", "new", "unknown", "forged", "implausible"]
"""Graph's by its first or second key; a stranger's under an id of its own or under Graph's; or one
whose claims are wrong."""
PUBLISHED = {"old": GRAPHS.public_key(), "new": GRAPHS.public_key()}
STEP = st.tuples(
    st.sampled_from([0, 1, 5, 29, 30, 31, 600, 3599, 3600, 3601, 86_399, 86_400]),
    st.sampled_from(["old", "new", "unknown", "forged", "implausible", "rotate", "withdraw",
                     "down", "up", "slow"]),
)  # fmt: skip


def header(kind: Kind) -> str:
    """Return the header of one kind of caller, with times that hold for years."""
    key = STRANGERS if kind in ("unknown", "forged") else GRAPHS
    key_id = {"forged": "old", "implausible": "nobody's"}.get(kind, kind)
    bot = {"aud": "another bot"} if kind == "implausible" else {}
    far = int((NOW + timedelta(days=3650)).timestamp())
    claims = {"aud": POLICY.audience, "iss": "https://graph.microsoft.com", "nbf": 0, "exp": far}
    tenant = {"tid": next(iter(POLICY.tenants))}
    return f"Bearer {token(claims | tenant | bot, key=key, header={'kid': key_id})}"


HEADERS: dict[str, str] = {
    kind: header(kind) for kind in ("old", "new", "unknown", "forged", "implausible")
}


@dataclass
class Callers:
    """One process whose callers arrive one after the other, and the signer."""

    now: datetime = NOW
    known: KnownKeys = field(default_factory=KnownKeys)
    served: frozenset[str] = frozenset({"old"})
    since: dict[str, datetime] = field(default_factory=lambda: {"old": NOW})
    withdrawn: dict[str, datetime] = field(default_factory=dict)
    down: bool = False
    down_since: datetime | None = None
    takes: timedelta = timedelta()
    begun: list[datetime] = field(default_factory=list)

    def fetch(self) -> None:
        """Fetch the keys as they are now; the answer may take a while."""
        began = self.now
        self.begun.append(began)
        found = {key_id: PUBLISHED[key_id] for key_id in self.served}
        self.now += self.takes
        self.known = (
            replace(self.known, failed_at=began)
            if self.down
            else KnownKeys(by_id=found, read_at=began)
        )

    def arrives(self, kind: str) -> Caller | Refused | FetchKeys | NotYet:
        """Judge one caller as the handler does."""
        arrived_at = self.now

        def judged() -> Caller | Refused | FetchKeys | NotYet:
            return verify_caller(
                HEADERS[kind],
                keys=self.known,
                policy=POLICY,
                arrived_at=arrived_at,
                now=self.now,
            )

        verdict = judged()
        if isinstance(verdict, FetchKeys):
            self.fetch()
            verdict = judged()
        elif isinstance(verdict, Caller) and verdict.keys_due:
            self.fetch()
        return verdict

    def signer(self, what: str) -> None:
        """Change what the signer does."""
        match what:
            case "rotate":
                self.served |= {"new"}
                self.since.setdefault("new", self.now)
            case "withdraw":
                if "old" in self.served and "new" in self.served:
                    self.served -= {"old"}
                    self.withdrawn["old"] = self.now
            case "down":
                self.down = True
            case "up":
                self.down, self.takes = False, timedelta()
            case "slow":
                self.takes = timedelta(seconds=10)


@given(st.lists(STEP, max_size=40))
def test_fetches_are_bounded_and_only_graph_is_believed(
    steps: list[tuple[int, str]],
) -> None:
    """At most one fetch in a pause; forgeries never pass; Graph is never refused for good."""
    process = Callers()
    for pause, what in steps:
        process.now += timedelta(seconds=pause)
        if what not in HEADERS:
            process.signer(what)
            continue
        served, arrived_at = process.served, process.now
        before = len(process.begun)
        verdict = process.arrives(what)

        if what == "implausible":
            assert verdict == Refused(reason="audience")
            assert len(process.begun) == before
        elif what in ("unknown", "forged"):
            assert isinstance(verdict, Refused | NotYet)
        elif what in served:
            assert isinstance(verdict, Caller | NotYet)
        elif isinstance(verdict, Caller):
            left = process.withdrawn[what]
            assert arrived_at - left < KEPT
            assert process.known.failed_at is not None or arrived_at - left < REFRESHED_AFTER
        if isinstance(verdict, NotYet):
            assert timedelta() < verdict.wait <= FETCH_PAUSE
    for one, other in zip(process.begun, process.begun[1:], strict=False):
        assert other - one >= FETCH_PAUSE


@given(
    st.integers(0, 7200), st.integers(1, 29), st.lists(st.integers(0, 40), min_size=1, max_size=30)
)
def test_a_flood_of_unknown_keys_keeps_a_new_key_out_for_one_pause_at_most(
    quiet: int, offset: int, gaps: list[int]
) -> None:
    """Forged tokens look right but for their key and arrive all the time; Graph comes again."""
    process = Callers()
    process.arrives("old")
    process.now += timedelta(seconds=quiet)
    process.arrives("unknown")
    process.now += timedelta(seconds=offset)
    process.signer("rotate")
    rotated = process.now

    for gap in gaps:
        for _ in range(5):
            process.arrives("unknown")
        verdict = process.arrives("new")
        waited = process.now - rotated
        if isinstance(verdict, NotYet):
            assert waited + verdict.wait <= FETCH_PAUSE + SECOND
        else:
            assert isinstance(verdict, Caller)
        if waited > FETCH_PAUSE:
            assert isinstance(verdict, Caller)
        process.now += timedelta(seconds=gap)


@given(st.integers(1, 3600), st.integers(3600, 200_000))
def test_a_key_that_was_withdrawn_is_forgotten_though_no_other_comes_in(
    into: int, later: int
) -> None:
    """The next caller an hour after the fetch waits for the keys; no unknown key is needed."""
    process = Callers()
    process.signer("rotate")
    process.arrives("old")
    process.now += timedelta(seconds=into - 1)
    process.signer("withdraw")

    process.now = NOW + timedelta(seconds=later)

    assert process.arrives("old") == Refused(reason="unknown_key")


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=60))
def test_while_the_signer_is_down_known_keys_count_for_a_day(gaps: list[int]) -> None:
    """After a day callers are to come again, until the signer answers."""
    process = Callers()
    process.arrives("old")
    process.signer("down")
    for gap in gaps:
        process.now += timedelta(seconds=gap)
        verdict = process.arrives("old")

        assert isinstance(verdict, Caller if process.now - NOW < KEPT else NotYet)
    process.signer("up")
    process.now += FETCH_PAUSE
    process.arrives("old")
    assert isinstance(process.arrives("old"), Caller)
