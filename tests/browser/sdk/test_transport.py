"""Events reach the server once, whatever happens to the network, the server or the page."""

import json
from collections import Counter

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.sdk.standin import KEY, Reply, Request, StandIn, token_for
from tests.browser.sdk.watching import count_ticks, flush, settle, state, tick

BUTTON = "<button id='b' onclick='document.title = Math.random()'>B</button>"


def track(page: Page, *names: str) -> None:
    page.evaluate("names => names.forEach(name => OnboardingAgent.track(name))", list(names))


def drained(page: Page) -> None:
    settle(page, lambda: state(page)["queued"] == 0, "an empty queue")


def test_ten_events_are_sent_at_once_and_fewer_after_a_pause(standin: StandIn, page: Page) -> None:
    count_ticks(page)
    page.goto(standin.host())
    settle(page, lambda: state(page)["leading"], "leadership")
    drained(page)
    track(page, *["many"] * 10)
    settle(page, lambda: len(standin.of("many")) == 10, "ten events")
    drained(page)
    track(page, "few")
    page.wait_for_timeout(300)
    assert not standin.of("few")
    tick(page)
    drained(page)
    assert len(standin.of("few")) == 1
    request = standin.posts()[0]
    assert (request.headers["X-API-Key"], request.headers["X-User-Token"]) == (KEY, token_for_request(request))


def token_for_request(request: Request) -> str:
    token = request.headers["X-User-Token"]
    assert token.count(".") == 2
    return token


def test_an_outage_loses_nothing_and_doubles_nothing(standin: StandIn, page: Page) -> None:
    url = standin.host(BUTTON)
    page.goto(url)
    drained(page)
    standin.down = True
    track(page, *[f"out-{number}" for number in range(25)])
    settle(page, lambda: standin.missed, "an attempt in vain")
    page.reload()
    track(page, "after-reload")
    standin.down = False
    flush(page)
    drained(page)
    wanted = [f"out-{number}" for number in range(25)] + ["after-reload"]
    assert [event["event_type"] for event in standin.of(*wanted)] == wanted


def test_an_answer_that_is_lost_does_not_lose_the_event(standin: StandIn, page: Page) -> None:
    """The server stores the batch, and the connection breaks before its answer: sent again under the same id."""
    lost: list[Request] = []

    def swallow(request: Request) -> Reply | None:
        if request.path == "/api/v1/events" and b'"once"' in request.body and not lost:
            lost.append(request)
            standin.accepted += request.json["events"]
            return Reply(504)
        return None

    standin.rule = swallow
    page.goto(standin.host())
    track(page, "once")
    drained(page)
    sendings = Counter(event["event_id"] for event in standin.accepted if event["event_type"] == "once")
    stamps = {event["timestamp"] for event in standin.accepted if event["event_type"] == "once"}
    assert list(sendings.values()) == [2]
    assert len(stamps) == 1


def test_bad_events_are_dropped_and_counted_and_the_rest_is_sent(standin: StandIn, page: Page) -> None:
    page.goto(standin.host())
    track(page, "good-1", "bad", "good-2", "bad", "good-3")
    flush(page)
    drained(page)
    assert len(standin.of("good-1", "good-2", "good-3")) == 3
    assert not standin.of("bad")
    assert state(page)["dropped"]["rejected"] == 2


@pytest.mark.parametrize("status", [422, 400])
def test_a_refusal_that_names_nobody_cannot_block_the_queue(standin: StandIn, page: Page, status: int) -> None:
    standin.rule = lambda request: Reply(status, {"code": "odd"}) if b'"poison"' in request.body else None
    page.goto(standin.host())
    track(page, *["fine"] * 6, "poison", *["fine"] * 6)
    drained(page)
    assert len(standin.of("fine")) == 12
    assert state(page)["dropped"]["rejected"] == 1


def test_too_large_batches_are_halved(standin: StandIn, page: Page) -> None:
    def strict(request: Request) -> Reply | None:
        return Reply(413) if request.path.endswith("events") and len(request.json["events"]) > 3 else None

    standin.rule = strict
    page.goto(standin.host())
    track(page, *["some"] * 20)
    drained(page)
    assert len(standin.of("some")) == 20


def test_an_event_that_no_request_could_carry_is_dropped_and_counted(standin: StandIn, page: Page) -> None:
    page.goto(standin.host())
    page.evaluate("OnboardingAgent.track('huge', {text: 'x'.repeat(100000)})")
    page.evaluate("const loop = {}; loop.loop = loop; OnboardingAgent.track('loop', loop)")
    page.evaluate("OnboardingAgent.track('big', {n: 1n})")
    track(page, "fine")
    flush(page)
    drained(page)
    assert standin.of("fine")
    assert not standin.of("huge", "loop", "big")
    assert state(page)["dropped"]["tooLarge"] == 1
    assert state(page)["errors"] == 2


def idle_on(page: Page) -> None:
    """Stay on the page for longer than a failure without a word about when to come back is given."""
    for _ in range(4):
        page.wait_for_timeout(400)
        tick(page)


def test_retry_after_is_honoured(standin: StandIn, page: Page) -> None:
    standin.rule = lambda request: Reply(503, {"code": "unavailable"}, {"Retry-After": "3600"})
    count_ticks(page)
    page.goto(standin.host())
    track(page, *["patient"] * 10)
    settle(page, lambda: standin.posts(), "a first attempt")
    standin.rule = None
    track(page, *["patient"] * 20)
    idle_on(page)
    assert len(standin.posts()) == 1
    assert state(page)["queued"] == 31


def test_a_refused_key_stops_the_sending_and_keeps_the_events(standin: StandIn, page: Page) -> None:
    standin.rule = lambda request: Reply(401, {"code": "unauthenticated"})
    count_ticks(page)
    page.goto(standin.host())
    track(page, *["kept"] * 30)
    settle(page, lambda: len(standin.posts()) == 2, "the attempts with the token and with a fresh one")
    idle_on(page)
    assert len(standin.posts()) == 2
    assert state(page)["queued"] == 31


def test_an_expired_token_is_replaced_at_once(standin: StandIn, page: Page) -> None:
    tokens = json.dumps([token_for("u1"), token_for("u1", 4000)])
    standin.rule = lambda request: Reply(401) if request.headers.get("X-User-Token") == json.loads(tokens)[0] else None
    page.goto(standin.host(init=f"{{userToken: async () => {tokens}[window.asked = (window.asked ?? -1) + 1]}}"))
    track(page, "mine")
    flush(page)
    drained(page)
    assert standin.of("mine")[0]["user_id"] == "u1"


def test_leaving_the_page_sends_what_waits(standin: StandIn, page: Page) -> None:
    page.goto(standin.host(BUTTON))
    drained(page)
    page.click("#b")
    page.goto("about:blank")
    settle(page, lambda: standin.of("click") and standin.of("page_hidden"), "the last events")


def beacons(standin: StandIn) -> list[Request]:
    return [request for request in standin.posts() if "X-API-Key" not in request.headers]


def test_without_keepalive_a_beacon_carries_key_and_token_in_plain_text(standin: StandIn, page: Page) -> None:
    page.add_init_script("delete Request.prototype.keepalive")
    page.goto(standin.host(BUTTON))
    drained(page)
    page.click("#b")
    page.goto("about:blank")
    settle(page, lambda: standin.of("click") and beacons(standin), "the beacon")
    beacon, *_ = beacons(standin)
    assert beacon.headers["Content-Type"] == "text/plain"
    assert beacon.json["api_key"] == KEY
    assert beacon.json["user_token"].count(".") == 2
    assert beacon.json["sent_at"]
    assert len(beacon.body) <= 60 * 1024


def test_a_beacon_stays_within_what_browsers_carry(standin: StandIn, page: Page) -> None:
    page.add_init_script("delete Request.prototype.keepalive")
    page.goto(standin.host())
    drained(page)
    sizes = page.evaluate("""() => {
        const sent = [];
        navigator.sendBeacon = (url, body) => !!sent.push(body.size);
        for (let i = 0; i < 40; i++) OnboardingAgent.track('fat', {text: 'é'.repeat(2000)});
        window.dispatchEvent(new Event('pagehide'));
        return sent;
    }""")
    assert sizes
    assert all(40 * 1024 < size <= 60 * 1024 for size in sizes)


def test_the_queue_is_bounded_and_drops_its_oldest_first(standin: StandIn, page: Page) -> None:
    page.goto(standin.host())
    drained(page)
    standin.down = True
    for start in range(0, 1200, 200):
        page.evaluate("from => { for (let i = from; i < from + 200; i++) OnboardingAgent.track('n' + i) }", start)
    settle(page, lambda: flush(page) or state(page)["queued"] <= 1000, "the bound")
    assert state(page)["dropped"]["overflow"] == 200
    standin.down = False
    flush(page)
    drained(page)
    assert not standin.of("n0", "n199")
    assert len(standin.of("n200", "n1199")) == 2


def test_an_anonymous_visitor_is_merged_when_known(standin: StandIn, page: Page, context: BrowserContext) -> None:
    page.goto(standin.host(init="{userToken: undefined}"))
    track(page, "before")
    flush(page)
    drained(page)
    (before,) = standin.of("before")
    assert before["user_id"] == "anon-1"
    assert state(page)["anonymous"]
    page.reload()
    track(page, "still")
    flush(page)
    drained(page)
    assert standin.of("still")[0]["user_id"] == "anon-1"
    assert len(standin.posts("/api/v1/anonymous-tokens")) == 1
    failures = iter([Reply(503), Reply(503)])
    standin.rule = lambda request: next(failures, None) if request.path.endswith("identify") else None
    page.evaluate("token => OnboardingAgent.identify({userToken: token})", token_for("u7"))

    def is_merged() -> bool:
        track(page, "known")
        flush(page)
        drained(page)
        return bool(page.evaluate("!Object.keys(localStorage).some(key => key.endsWith(':merge'))"))

    settle(page, is_merged, "the merge")
    assert is_merged()
    page.wait_for_timeout(50)
    merges = standin.posts("/api/v1/identify")
    assert {event["user_id"] for event in standin.of("known")} == {"u7"}
    assert len(merges) == 3, "tried until it was done, and not again"
    assert merges[0].json["user_token"]
    assert merges[0].json["anonymous_token"]
    assert merges[0].headers["X-API-Key"] == KEY
    page.evaluate("OnboardingAgent.reset()")
    track(page, "later")
    flush(page)
    drained(page)
    assert standin.of("later")[0]["user_id"] == "anon-2"
    assert standin.of("later")[0]["session_id"] != before["session_id"]


def test_opting_out_stops_everything_until_opting_in(standin: StandIn, page: Page) -> None:
    page.goto(standin.host(BUTTON))
    drained(page)
    standin.down = True
    track(page, "forgotten")
    page.evaluate("OnboardingAgent.optOut()")
    standin.down = False
    page.reload()
    count = len(standin.posts())
    page.click("#b")
    track(page, "unheard")
    page.wait_for_timeout(300)
    assert state(page) is None
    assert len(standin.posts()) == count
    settle(page, lambda: not standin.sockets, "the end of the line")
    assert not page.evaluate("Object.keys(localStorage).some(key => key.includes(':e:'))")
    page.evaluate("OnboardingAgent.optIn()")
    track(page, "back")
    flush(page)
    drained(page)
    assert standin.of("back")
    assert not standin.of("forgotten", "unheard")


def test_it_can_be_used_before_init_and_started_by_its_tag(standin: StandIn, page: Page) -> None:
    script = f"{standin.api}/sdk/onboarding-agent-sdk.js"
    tag = f'<script src="{script}" data-api-key="{KEY}" data-api-url="{standin.api}"></script>'
    standin.pages["/tag"] = (f"<!doctype html>{tag}<button id='b'>B</button>", {"Content-Type": "text/html"})
    page.goto(standin.site + "/tag")
    page.click("#b")
    flush(page)
    settle(page, lambda: standin.of("click"), "the click")
    assert standin.of("click")[0]["user_id"] == "anon-1"
    page.goto(standin.host(init=None, path="/early"))
    page.evaluate("OnboardingAgent.track('early'); OnboardingAgent.identify(null)")
    page.evaluate(f"OnboardingAgent.init({standin.options})")
    flush(page)
    settle(page, lambda: standin.of("early"), "the early event")
