"""Whole turns through the compiled graph, with checkpoints in a real PostgreSQL."""



from graph.build import TurnGraph
from graph.runner import run_turn
from tests.graph.builders import MemoryStores, make_context, make_turn, steps_of


async def test_a_stuck_user_is_nudged(app: TurnGraph) -> None:
    stores = MemoryStores()
    result = await run_turn(app, make_turn(), make_context(stores))
    assert result.outcome == "nudged"
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
