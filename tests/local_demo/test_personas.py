import random
from collections import Counter
from pathlib import Path

import pytest

import local.demo
from local.personas import DECK, PERSONAS, Action, deal

SEEDS = range(30)


def script(persona: str, seed: int) -> list[Action]:
    return list(PERSONAS[persona](random.Random(seed)))


def kinds(actions: list[Action]) -> Counter[str]:
    return Counter(action.event_type for action in actions)


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("seed", [0, 1])
def test_one_seed_gives_one_script(persona: str, seed: int) -> None:
    assert script(persona, seed) == script(persona, seed)
    assert all(action.pause > 0 for action in script(persona, seed))


@pytest.mark.parametrize("persona", PERSONAS)
def test_another_seed_gives_another_script(persona: str) -> None:
    assert len({repr(script(persona, seed)) for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize("persona", ["smooth", "slow", "help_seeker"])
@pytest.mark.parametrize("seed", SEEDS)
def test_those_who_succeed_complete_every_step_in_order(persona: str, seed: int) -> None:
    actions = script(persona, seed)
    done = [action.properties["step"] for action in actions if action.event_type == "step_completed"]
    assert done == ["signup", "workspace", "connect-crm", "import-contacts", "invite-team", "report"]
    assert actions[-1].event_type == "onboarding_completed"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_slow_take_several_times_as_long(seed: int) -> None:
    def length(persona: str) -> float:
        return sum(action.pause for action in script(persona, seed))

    assert length("slow") > 2 * length("smooth")


@pytest.mark.parametrize(
    ("persona", "event_type", "at_least"),
    [
        ("validation_loop", "submit_failed", 3),
        ("rage_clicker", "rage_click", 1),
        ("dead_clicker", "dead_click", 2),
        ("help_seeker", "help_click", 2),
        ("drop_out", "page_hidden", 1),
        ("form_abandoner", "page_hidden", 1),
    ],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_each_way_of_being_stuck_shows(persona: str, event_type: str, at_least: int, seed: int) -> None:
    assert kinds(script(persona, seed))[event_type] >= at_least


@pytest.mark.parametrize("persona", ["smooth", "slow"])
def test_nobody_else_looks_stuck(persona: str) -> None:
    stuck = {"submit_failed", "rage_click", "dead_click", "error_click", "help_click", "cancel_click", "back_click"}
    assert not stuck & set(kinds(script(persona, 0)))


@pytest.mark.parametrize("seed", SEEDS)
def test_rage_is_fast(seed: int) -> None:
    actions = script("rage_clicker", seed)
    end = next(index for index, action in enumerate(actions) if action.event_type == "rage_click")
    clicks = actions[end].properties["clicks"]
    assert isinstance(clicks, int)
    assert clicks >= 3
    assert all(action.pause <= 1 for action in actions[end - clicks + 1 : end])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_loop_goes_back_and_forth_within_a_minute(seed: int) -> None:
    actions = script("page_looper", seed)
    views = [action for action in actions if action.event_type == "page_view"]
    loop = views[2:7]
    assert [view.path for view in loop] == ["/connect-crm", "/workspace"] * 2 + ["/connect-crm"]
    assert sum(view.pause for view in loop[1:]) <= 60


@pytest.mark.parametrize("seed", SEEDS)
def test_an_abandoned_form_is_changed_and_never_sent(seed: int) -> None:
    actions = [action for action in script("form_abandoner", seed) if action.path == "/import-contacts"]
    assert kinds(actions)["change"] == 1
    assert kinds(actions)["submit"] == 0


def test_some_of_those_who_fail_at_the_crm_step_get_over_it() -> None:
    arrived = [kinds(script("validation_loop", seed))["onboarding_completed"] for seed in SEEDS]
    assert set(arrived) == {0, 1}


@pytest.mark.parametrize("count", [0, 1, 7, 20, 45])
def test_deals_as_many_as_asked(count: int) -> None:
    assert len(deal(count, random.Random(1))) == count


def test_every_persona_is_in_every_whole_deck() -> None:
    assert Counter(deal(len(DECK) * 3, random.Random(2))) == Counter(DECK * 3)
    assert set(DECK) == set(PERSONAS)


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("seed", SEEDS)
def test_events_of_a_form_name_it_and_clicks_name_their_element(persona: str, seed: int) -> None:
    for action in script(persona, seed):
        if action.event_type in {"change", "submit", "submit_failed"}:
            assert action.properties["form"] == f"#{action.path.removeprefix('/')}-form"
        if action.event_type in {"click", "change", "submit", "rage_click", "dead_click"}:
            assert action.element


def test_every_element_exists_on_the_page_it_is_used_on() -> None:
    page = (Path(local.demo.__file__).parent / "static/index.html").read_text()
    views = {f"/{view.split(chr(34))[0]}": view for view in page.split('<template id="view-')[1:]}
    for persona in PERSONAS:
        for action in (action for seed in SEEDS for action in script(persona, seed) if action.element):
            assert f'id="{action.element.removeprefix("#")}"' in views[action.path], action
