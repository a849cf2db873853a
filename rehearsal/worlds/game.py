"""A world played against a policy, in the order of events that the protocol promises."""

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Any, Final

from rehearsal.worlds.partner import Partner
from rehearsal.worlds.played import Ending, Played
from rehearsal.worlds.protocol import Fault, Step, attempt_line, iso, read_answer
from rehearsal.worlds.shapes import Card, Truth, World
from rehearsal.worlds.spans import CHASE_S
from rehearsal.worlds.zones import DAY_S, HOUR_S

BATCH, BATCH_S = 256, HOUR_S
MOST_DECISIONS, MOST_ATTEMPTS = 300, 120
PAUSE_S: Final = DAY_S
Event = tuple[int, int, str, Played, Any]


class Game:
    """One run. `run` can be called once."""

    def __init__(
        self, world: World, truths: Sequence[Truth], partner: Partner, *, batch: bool = True
    ) -> None:
        self._partner, self._batch_size = partner, BATCH if batch else 1
        self._single = not batch
        self._cases = [Played(world, truth) for truth in truths]
        self._heap: list[Event] = []
        self._asking: list[tuple[Played, int]] = []
        self._waiting: set[int] = set()  # numbers of the cases in `_asking`
        self._news: list[tuple[int, int, dict[str, Any]]] = []
        self._order = self._sequence = 0

    def run(self) -> tuple[Ending, ...]:
        """Play to the end; the accounts of every case in the order of opening."""
        for case in self._cases:
            self._lay_out(case)
        while self._heap or self._asking:
            if self._must_ask() or not self._handle(heappop(self._heap)):
                self._flush()
        self._tell_news(None)
        self._partner.close()
        return tuple(case.ending() for case in self._cases)

    def _lay_out(self, case: Played) -> None:
        """What happens to the case whatever the policy does."""
        truth = case.truth
        self._push(truth.opened_at, "open", case)
        self._push(truth.opened_at + CHASE_S, "expires", case)
        if truth.updater:
            self._push(truth.updater.at, "updater", case, truth.updater.card)
        if truth.fix:
            self._push(truth.fix.at, "fix", case, truth.fix.card)
        if truth.leaves_at:
            self._push(truth.leaves_at, "leaves", case)

    def _push(self, at: int, kind: str, case: Played, what: Any = None) -> None:
        self._order += 1
        heappush(self._heap, (at, self._order, kind, case, what))

    def _must_ask(self) -> bool:
        if not self._asking:
            return False
        full = len(self._asking) >= self._batch_size
        return full or not self._heap or self._heap[0][0] >= self._asking[0][1] + BATCH_S

    def _handle(self, event: Event) -> bool:
        """False: the case waits for an answer of before; the event was put back."""
        at, _, kind, case, what = event
        if not case.open or (kind in {"step", "again"} and what[0] != case.token):
            return True
        if case.truth.number in self._waiting:
            heappush(self._heap, event)
            return False
        getattr(self, f"_on_{kind}")(case, at, what)
        return True

    def _on_open(self, case: Played, at: int, _: Any) -> None:
        self._ask(case, at)

    def _on_again(self, case: Played, at: int, _: Any) -> None:
        self._ask(case, at)

    def _on_step(self, case: Played, at: int, what: tuple[int, Step]) -> None:
        step = what[1]
        if step.action == "retry":
            self._retry(case, at)
        elif step.action == "email":
            opened_after = case.send(step, at)
            if opened_after is not None:
                self._push(at + opened_after, "opened", case, case.messages_sent - 1)
            self._ask(case, at)
        else:
            self._ask(case, at)

    def _retry(self, case: Played, at: int) -> None:
        if case.attempts_made >= MOST_ATTEMPTS:
            self._bar(case)
            return
        said = case.charge(at)
        line = attempt_line(at, said)
        succeeded = line.pop("outcome") == "succeeded"
        line = {"type": "attempt", "case_id": case.truth.id, "succeeded": succeeded, **line}
        self._note(at, line)
        if said is None:
            self._close(case, "recovered", at, "retry")
        else:
            self._ask(case, at)

    def _on_opened(self, case: Played, at: int, number: int) -> None:
        does, card = case.message_opened(number)
        if does == "cancels":
            self._close(case, "cancelled", at)
        elif does == "pays":
            self._close(case, "recovered", at, "customer")
        elif card is not None:
            case.replaced_by_customer = True
            self._new_card(case, card, at)

    def _on_fix(self, case: Played, at: int, card: Card | None) -> None:
        if card is None:
            self._close(case, "recovered", at, "customer")
        elif not case.replaced_by_customer:
            case.replaced_by_customer = True
            self._new_card(case, card, at)

    def _on_updater(self, case: Played, at: int, card: Card) -> None:
        if not case.replaced_by_customer:
            self._new_card(case, card, at)

    def _on_leaves(self, case: Played, at: int, _: Any) -> None:
        self._close(case, "cancelled", at)

    def _on_expires(self, case: Played, at: int, _: Any) -> None:
        self._close(case, "expired", at)

    def _new_card(self, case: Played, card: Card, at: int) -> None:
        case.replace_card(card, at)
        self._note(at, {"type": "card_updated", "case_id": case.truth.id, "at": iso(at)})
        if case.asked and at >= case.paused_until:
            case.token += 1  # a step that was pending is dropped
            self._ask(case, at)

    def _ask(self, case: Played, now: int) -> None:
        if not case.asked or now < case.paused_until:
            return
        if case.decisions >= MOST_DECISIONS:
            self._bar(case)
            return
        case.decisions += 1
        self._asking.append((case, now))
        self._waiting.add(case.truth.number)

    def _bar(self, case: Played) -> None:
        """Too much: a fault, and no further question."""
        case.faults += 1
        case.asked = False
        case.token += 1

    def _flush(self) -> None:
        asked, self._asking = self._asking, []
        self._waiting.clear()
        self._tell_news(asked[0][1])
        for (case, now), answer in zip(asked, self._answers(asked), strict=True):
            self._apply(case, now, answer)

    def _answers(self, asked: list[tuple[Played, int]]) -> list[Any]:
        views = [case.view(now) for case, now in asked]
        if self._single:
            return [self._partner.ask({"op": "decide", "case": views[0]})]
        self._sequence += 1
        reply = self._partner.ask({"op": "decide", "seq": self._sequence, "cases": views})
        if not isinstance(reply, dict) or not isinstance(reply.get("answers"), list):
            return [None] * len(asked)
        by_id = {each.get("id"): each for each in reply["answers"] if isinstance(each, dict)}
        return [by_id.get(view["id"]) for view in views]

    def _apply(self, case: Played, now: int, answer: Any) -> None:
        try:
            step = read_answer(answer, now)
        except Fault:
            case.faults += 1
            case.token += 1
            case.paused_until = now + PAUSE_S
            self._push(case.paused_until, "again", case, (case.token,))
            return
        if step.action == "give_up":
            self._close(case, "given_up", now)
        elif step.action == "stop":
            case.asked = False
        elif step.at < case.truth.opened_at + CHASE_S:
            case.token += 1
            self._push(step.at, "step", case, (case.token, step))

    def _close(self, case: Played, result: str, at: int, via: str | None = None) -> None:
        case.close(result, at, via)
        self._note(at, case.outcome_line())

    def _note(self, at: int, line: dict[str, Any]) -> None:
        self._order += 1
        heappush(self._news, (at, self._order, line))

    def _tell_news(self, until: int | None) -> None:
        """What has happened up to `until`, in the order of time; None: all of it."""
        told: list[dict[str, Any]] = []
        while self._news and (until is None or self._news[0][0] <= until):
            told.append(heappop(self._news)[2])
        if told and self._single:
            for each in told:
                self._partner.tell({"op": "learn", "outcome": each})
        elif told:
            self._partner.tell({"op": "learn", "outcomes": told})
