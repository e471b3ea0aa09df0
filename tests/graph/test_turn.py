"""Whole turns through the compiled graph, with checkpoints in a real PostgreSQL."""

import asyncio
import logging
from typing import Any

import psycopg
import pytest
from langgraph.types import TimeoutPolicy

from core.config import CompanyConfig, EscalationRules
from core.errors import BudgetExhausted, ProductError, ProviderFailed, ProviderTimeout, Unavailable
from core.nudges import Diagnosis, NudgeContent, NudgeType
from graph import build
from graph.build import TurnGraph, build_graph
from graph.case import Case
from graph.facts import UserFacts
from graph.journal import Calls
from graph.reasoner import NOT_STUCK, Reasoned
from graph.reasoners.rules import RulesReasoner
from graph.runner import run_turn, thread_id
from tests.graph.builders import MemoryStores, make_context, make_turn, past_nudges, steps_of


class Scripted(RulesReasoner):
    """Rules, but for what a test sets: a fixed diagnosis, a fixed nudge, or faults by method, used up in order."""

    def __init__(self, diagnosis: dict[str, Any] | None = None, content: NudgeContent | None = None) -> None:
        self.diagnosis = diagnosis or {}
        self.content = content
        self.faults: dict[str, list[Exception]] = {}
        self.asked: list[str] = []

    async def diagnose(self, case: Case, calls: Calls) -> Reasoned[Diagnosis]:
        self._note("diagnose")
        answer = await super().diagnose(case, calls)
        return Reasoned(answer.value.model_copy(update=self.diagnosis), "scripted", "diagnose-1")

    async def coach(self, case: Case, diagnosis: Diagnosis, calls: Calls) -> Reasoned[NudgeContent]:
        self._note("coach")
        answer = await super().coach(case, diagnosis, calls)
        return Reasoned(self.content or answer.value, "scripted", "coach-1")

    async def draft_alert(self, case: Case, diagnosis: Diagnosis, calls: Calls) -> Any:
        self._note("draft_alert")
        return await super().draft_alert(case, diagnosis, calls)

    def _note(self, method: str) -> None:
        self.asked.append(method)
        if self.faults.get(method):
            raise self.faults[method].pop(0)


async def test_a_stuck_user_is_nudged(app: TurnGraph) -> None:
    stores = MemoryStores()
    result = await run_turn(app, make_turn(), make_context(stores))
    assert result.outcome == "nudged"
    assert not result.failed
    assert steps_of(result.receipt) == [
        ("diagnose", "diagnosed"),
        ("route", "coach"),
        ("coach", "composed"),
        ("act", "saved"),
        ("deliver", "published"),
    ]
    assert result.diagnosis is not None
    assert result.diagnosis.reason_class == "validation"
    assert stores.published == [result.nudge]
    assert result.reasoner == "rules"
    assert set(result.prompts) == {"diagnose", "coach"}


async def test_a_graph_without_checkpoints_works_the_same() -> None:
    stores = MemoryStores()
    result = await run_turn(build_graph(None), make_turn(), make_context(stores))
    assert result.outcome == "nudged"
    assert len(stores.published) == 1


@pytest.mark.parametrize(
    ("diagnosis", "changes", "outcome", "reason"),
    [
        ({"confidence_score": 0.59}, {}, "unsure", "below_threshold"),
        ({"reason_class": NOT_STUCK}, {}, "not_stuck", "not_stuck"),
        ({}, {"in_holdout": True}, "holdout", "holdout"),
    ],
)
async def test_a_turn_that_ends_before_coaching(
    app: TurnGraph, diagnosis: dict[str, Any], changes: dict[str, Any], outcome: str, reason: str
) -> None:
    stores, reasoner = MemoryStores(), Scripted(diagnosis)
    result = await run_turn(app, make_turn(), make_context(stores, reasoner=reasoner, **changes))
    assert result.outcome == outcome
    assert result.receipt[-1].reason == reason
    assert "coach" not in reasoner.asked
    assert stores.saved == {}
    assert stores.published == []


async def test_the_holdout_and_companies_off_models_are_diagnosed_by_rules(app: TurnGraph) -> None:
    reasoner = Scripted()
    await run_turn(app, make_turn(), make_context(reasoner=reasoner, in_holdout=True))
    config = CompanyConfig(reasoner="rules")
    result = await run_turn(app, make_turn(user_id="u2"), make_context(reasoner=reasoner, config=config))
    assert reasoner.asked == []
    assert result.reasoner == "rules"


async def test_a_cap_holds_at_saving(app: TurnGraph) -> None:
    stores = MemoryStores(cap="daily_cap")
    result = await run_turn(app, make_turn(), make_context(stores))
    assert result.outcome == "capped"
    assert (result.receipt[-1].outcome, result.receipt[-1].reason) == ("capped", "daily_cap")
    assert result.nudge is None
    assert stores.published == []


async def test_nudges_that_did_not_help_call_a_person(app: TurnGraph) -> None:
    stores = MemoryStores()
    rules = EscalationRules(user_link_template="https://crm.example/u/{user_id}?e={escalation_id}")
    context = make_context(
        stores, past_nudges=past_nudges(3), config=CompanyConfig(escalation=rules), user=UserFacts("a b/c")
    )
    result = await run_turn(app, make_turn(), context)
    assert result.outcome == "escalated"
    [alert] = stores.alerts
    assert alert.escalation_id == result.escalation_id
    assert alert.link == f"https://crm.example/u/a%20b%2Fc?e={alert.escalation_id}"
    assert alert.step_title == "Connect your CRM"
    assert alert.tried == [f"tooltip: Tip {n} (dismissed)" for n in range(3)]
    assert alert.evidence == ["3 × submit_failed on #crm-form at /connect-crm"]
    assert "3 nudges" in alert.headline
    [(told, counts)] = stores.saved.values()
    assert counts is False
    assert told.nudge_type is NudgeType.CHAT
    assert stores.published == [told]


async def test_nudges_elsewhere_do_not_count(app: TurnGraph) -> None:
    result = await run_turn(app, make_turn(), make_context(past_nudges=past_nudges(5, stuck_point="report")))
    assert result.outcome == "nudged"


async def test_a_user_hears_once_that_a_person_was_told(app: TurnGraph) -> None:
    stores = MemoryStores(open_elsewhere="other-escalation")
    result = await run_turn(app, make_turn(), make_context(stores, past_nudges=past_nudges(4)))
    assert result.outcome == "already_escalated"
    assert result.escalation_id == "other-escalation"
    assert stores.saved == {}
    assert stores.published == []


async def test_the_kill_switch_silences_even_that_line(app: TurnGraph) -> None:
    stores = MemoryStores(cap="kill_switch")
    result = await run_turn(app, make_turn(), make_context(stores, past_nudges=past_nudges(3)))
    assert result.outcome == "escalated"
    assert result.receipt[-1].reason == "kill_switch"
    assert stores.published == []


@pytest.mark.parametrize("error", [ProviderFailed(), BudgetExhausted()])
async def test_a_person_is_called_though_no_model_answers(app: TurnGraph, error: ProductError) -> None:
    stores, reasoner = MemoryStores(), Scripted()
    reasoner.faults["draft_alert"] = [error]
    result = await run_turn(app, make_turn(), make_context(stores, reasoner=reasoner, past_nudges=past_nudges(3)))
    assert result.outcome == "escalated"
    assert len(stores.alerts) == 1


async def test_an_email_draft_goes_to_a_person(app: TurnGraph) -> None:
    stores = MemoryStores()
    draft = NudgeContent(nudge_type=NudgeType.EMAIL_DRAFT, title="Your CRM", body="Shall we connect it together?")
    result = await run_turn(app, make_turn(), make_context(stores, reasoner=Scripted(content=draft)))
    assert result.outcome == "drafted"
    assert stores.published == []
    [alert] = stores.alerts
    assert alert.kind == "email_draft"
    assert "Shall we connect it together?" in alert.suggestion
    assert result.escalation_id == alert.escalation_id


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ProviderFailed(), "provider_failed"),
        (ProviderTimeout(), "provider_timeout"),
        (BudgetExhausted(), "budget"),
    ],
)
@pytest.mark.parametrize("node", ["diagnose", "coach"])
async def test_a_turn_that_nobody_can_think_through_ends_quietly(
    app: TurnGraph, node: str, error: ProductError, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    stores, reasoner = MemoryStores(), Scripted()
    reasoner.faults[node] = [error]
    with caplog.at_level(logging.WARNING):
        result = await run_turn(app, make_turn(), make_context(stores, reasoner=reasoner))
    assert (result.outcome, result.failed, result.error) == ("failed", True, error.code)
    last = result.receipt[-1]
    assert (last.step, last.outcome, last.reason, last.facts) == ("run", "failed", reason, {"node": node})
    assert (result.diagnosis is not None) == (node == "coach")
    assert stores.saved == {}
    assert [record.__dict__["reason"] for record in caplog.records] == [reason]
    assert reasoner.asked.count(node) == 1  # the node was not tried again on top of the client's own retries


async def test_a_quiet_end_needs_no_checkpoint() -> None:
    reasoner = Scripted()
    reasoner.faults["coach"] = [ProviderFailed()]
    result = await run_turn(build_graph(None), make_turn(), make_context(reasoner=reasoner))
    assert (result.outcome, result.diagnosis) == ("failed", None)


async def test_a_turn_continues_at_the_node_that_failed(app: TurnGraph) -> None:
    stores, reasoner = MemoryStores(), Scripted()
    stores.away["save"] = 3  # as often as the node is tried
    with pytest.raises(Unavailable):
        await run_turn(app, make_turn(), make_context(stores, reasoner=reasoner))
    assert stores.saved == {}
    result = await run_turn(app, make_turn(), make_context(stores, reasoner=reasoner))
    assert result.outcome == "nudged"
    assert reasoner.asked == ["diagnose", "coach"]
    assert [step for step, _ in steps_of(result.receipt)] == ["diagnose", "route", "coach", "act", "deliver"]


async def test_a_store_that_is_away_for_a_moment_is_tried_again(app: TurnGraph) -> None:
    stores = MemoryStores(away={"publish": 2})
    result = await run_turn(app, make_turn(), make_context(stores))
    assert result.outcome == "nudged"
    assert len(stores.published) == 1
    assert ("act", "already_there") in steps_of(result.receipt)


async def test_a_turn_that_ended_is_not_run_again(app: TurnGraph) -> None:
    stores, reasoner = MemoryStores(), Scripted()
    first = await run_turn(app, make_turn(), make_context(stores, reasoner=reasoner))
    second = await run_turn(app, make_turn(), make_context(stores, reasoner=reasoner))
    assert second == first
    assert reasoner.asked == ["diagnose", "coach"]
    assert len(stores.published) == 1


async def test_a_fault_of_ours_is_not_hidden(app: TurnGraph) -> None:
    reasoner = Scripted()
    reasoner.faults["diagnose"] = [KeyError("our own mistake")]
    with pytest.raises(KeyError):
        await run_turn(app, make_turn(), make_context(reasoner=reasoner))


class Sleepy(RulesReasoner):
    """Never answers in time."""

    async def diagnose(self, case: Case, calls: Calls) -> Reasoned[Diagnosis]:
        await asyncio.sleep(60)
        raise AssertionError("unreachable")


async def test_a_reasoner_that_hangs_is_ended(saver: Any) -> None:
    result = await run_turn(build_graph(saver, thinking_seconds=0.2), make_turn(), make_context(reasoner=Sleepy()))
    assert (result.outcome, result.error) == ("failed", "provider_timeout")


class SlowStores(MemoryStores):
    """Answers too late."""

    async def save(self, *arguments: Any, **options: Any) -> Any:
        await asyncio.sleep(60)


async def test_a_store_that_hangs_is_an_outage(saver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "STORING", TimeoutPolicy(run_timeout=0.2))
    with pytest.raises(Unavailable):
        await run_turn(build_graph(saver), make_turn(), make_context(SlowStores()))


async def test_a_missing_table_is_a_fault_and_not_an_outage(app: TurnGraph, bare_database_url: str) -> None:
    with psycopg.connect(bare_database_url, autocommit=True) as connection:
        connection.execute("ALTER SCHEMA checkpoints RENAME TO gone")
    with pytest.raises(psycopg.errors.UndefinedTable):
        await run_turn(app, make_turn(), make_context())


async def test_connections_that_died_are_replaced(app: TurnGraph, bare_database_url: str) -> None:
    await run_turn(app, make_turn(), make_context())
    with psycopg.connect(bare_database_url, autocommit=True) as connection:
        end_other_connections(connection)
    result = await run_turn(app, make_turn(user_id="u2"), make_context())
    assert result.outcome == "nudged"


def end_other_connections(connection: psycopg.Connection) -> None:
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    connection.execute(f"SELECT pg_terminate_backend(pid, 5000) {others}")


async def test_checkpoints_that_cannot_be_reached_are_an_outage(app: TurnGraph, saver: Any) -> None:
    await saver.conn.close()
    with pytest.raises(Unavailable):
        await run_turn(app, make_turn(), make_context())


def test_a_thread_begins_with_its_company() -> None:
    assert thread_id("company", "turn") == "company:turn"
