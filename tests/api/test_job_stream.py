"""Events of jobs as they happen: nothing is missed, nothing comes twice, and nobody hears what is not his."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkwark.api import job_stream, streams
from bulkwark.bulk import engine as engines
from bulkwark.domain.jobs import Happened
from bulkwark.errors import TooMany
from bulkwark.store import job_events
from tests.api.streaming import Heard, hear, listen
from tests.api.test_job_control import EVERY
from tests.api.test_previews import ADD, JOBS, OTHER, ROLE, body, preview
from tests.house import BULK, Client, House

EVENTS = "/bulkwark/v1/events"
LIST = {"accept": "application/json"}


@pytest.fixture(autouse=True, scope="module")
def small_chunks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("FIRST_CHUNK", "LEAST_CHUNK", "MOST_CHUNK"):
            patch.setattr(engines, name, 4)
        patch.setattr(job_stream, "PAUSE", 0.01)
        yield


def sign(client: Client, **more: str) -> dict[str, str]:
    return {"authorization": f"Bearer {client.token}", **{name.replace("_", "-"): text for name, text in more.items()}}


def start(house: House, client: Client | None = None, **headers: str) -> str:
    sent = {f"X-Bulkwark-{name}": value for name, value in headers.items()}
    return str((client or house.admin).post(f"{BULK}/query", EVERY | ADD, headers=sent).ok(202)["id"])


def logged(house: House, id: str) -> list[int]:
    return [event.seq for event in job_events.of_job(house.store.read(), house.job(id), 0, 100_000)]


def test_a_stream_tells_a_job_from_its_acceptance_to_its_end(module_house: House) -> None:
    id = start(module_house)

    heard = listen(module_house, f"{JOBS}/{id}/events", sign(module_house.admin))

    assert (heard.status, heard.ended) == (200, True)
    assert heard.headers["content-type"] == "text/event-stream"
    assert (heard.headers["cache-control"], heard.headers["x-accel-buffering"]) == ("no-store", "no")
    kinds = [event["event"] for event in heard.events]
    assert (kinds[:2], kinds[-1], set(kinds[2:-1])) == (["accepted", "selected"], "finished", {"chunk"})
    assert heard.ids == logged(module_house, id)
    last = heard.events[-1]["data"]
    job = module_house.job(id)
    assert (last["job"], last["seq"], last["status"]) == (id, heard.ids[-1], "COMPLETED")
    assert last["progress"] | {"done": job.total, "percent": 100, "state": "COMPLETED"} == last["progress"]
    chunks = [event["data"] for event in heard.events if event["event"] == "chunk"]
    assert sum(chunk["items"] for chunk in chunks) == job.total
    assert all({"total", "changed", "percent", "itemsPerSecond", "eta"} <= set(chunk["progress"]) for chunk in chunks)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 25), max_size=12), st.booleans())
def test_a_client_that_comes_and_goes_hears_every_event_once(module_house: House, gos: list[int], query: bool) -> None:
    id = start(module_house, Speed="2000")
    found: list[int] = []
    for count in [*gos, 10**6]:
        seen = str(found[-1]) if found else ""
        target = f"{JOBS}/{id}/events" + (f"?after={seen}" if query and seen else "")
        sent = sign(module_house.admin, **({} if query or not seen else {"Last_Event_ID": seen}))
        heard = listen(module_house, target, sent, at_least(count))
        if heard.status == 204:
            break
        # A client that breaks off in the middle of a piece has only heard the events before it.
        found += heard.ids[:count]

    module_house.wait(id)
    assert found == logged(module_house, id)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=8))
def test_who_follows_all_jobs_hears_every_event_of_each_once(module_house: House, gos: list[int]) -> None:
    ids = [start(module_house, Speed="3000") for _ in range(2)]
    first = logged(module_house, ids[0])[0] - 1
    found: list[int] = []
    for count in gos:
        sent = sign(module_house.admin, Last_Event_ID=str(found[-1] if found else first))
        ended = len({e for e in found if e in finishes(module_house, ids)}) == 2
        if ended:
            break
        heard = listen(module_house, EVENTS, sent, at_least(count))
        found += heard.ids[:count]
    for id in ids:
        module_house.wait(id)

    after = found[-1]
    rest = listen(
        module_house,
        EVENTS,
        sign(module_house.admin, Last_Event_ID=str(after)),
        lambda heard: after >= newest(module_house) or (bool(heard.ids) and heard.ids[-1] >= newest(module_house)),
    )
    found += rest.ids
    assert sorted({*logged(module_house, ids[0]), *logged(module_house, ids[1])}) == found


def newest(house: House) -> int:
    return job_events.newest(house.store.read(), house.tenant.number)


def at_least(count: int) -> Callable[[Heard], bool]:
    """So many events, or the end of two jobs."""
    return lambda heard: len(heard.events) >= count or heard.raw.count(b"event: finished\n") == 2


def finishes(house: House, ids: list[str]) -> set[int]:
    found = set()
    for id in ids:
        for event in job_events.of_job(house.store.read(), house.job(id), 0, 100_000):
            if event.kind is Happened.FINISHED:
                found.add(event.seq)
    return found


def test_without_a_last_event_all_jobs_are_followed_from_now_on(module_house: House) -> None:
    module_house.wait(start(module_house))
    ids: list[str] = []

    heard = listen(
        module_house,
        EVENTS,
        sign(module_house.admin),
        lambda heard: any(event["event"] == "finished" for event in heard.events),
        during=lambda: ids.append(posted(module_house)),
    )

    assert {event["data"]["job"] for event in heard.events} == set(ids)
    assert heard.ids == logged(module_house, ids[0])


def posted(house: House) -> str:
    """A job that is submitted beside the loop on which a stream is open."""
    other = House(house.data_dir, house.app, house.services, asyncio.new_event_loop())
    try:
        client = Client(other, house.admin.token, house.admin.id, house.admin.identity)
        return str(client.post(f"{BULK}/ids", body(ROLE, OTHER)).ok(202)["id"])
    finally:
        other.loop.close()


def test_a_stream_of_a_job_that_has_ended_ends_too_and_a_browser_that_comes_back_may_rest(house: House) -> None:
    id = start(house)
    house.wait(id)
    target = f"{JOBS}/{id}/events"

    whole = listen(house, target, sign(house.admin))
    again = listen(house, target, sign(house.admin, Last_Event_ID=str(whole.ids[-1])))

    assert whole.ids == logged(house, id)
    assert (again.status, again.raw) == (204, b"")


def test_a_silent_stream_says_that_it_is_alive(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_stream, "HEARTBEAT", 0.05)

    heard = listen(house, EVENTS, sign(house.admin), lambda heard: heard.raw.count(b":\n\n") >= 3)

    assert heard.events == []


def test_a_subadmin_hears_of_his_own_jobs_only(house: House) -> None:
    admin, sub = house.admin, house.as_("ROLE_SUBADMIN", alias="sub")
    theirs, other = start(house, admin), house.as_("ROLE_SUBADMIN", alias="second")
    house.wait(theirs)
    own = str(sub.post(f"{BULK}/query", EVERY | ADD).ok(202)["id"])
    house.wait(own)

    listed = sub.get(EVENTS, headers=LIST).ok()
    heard = listen(house, f"{EVENTS}?after=0", sign(sub), lambda heard: b"finished" in heard.raw)

    assert {event["job"] for event in listed} == {own} == {event["data"]["job"] for event in heard.events}
    assert sub.get(f"{JOBS}/{theirs}/events").status == 404
    assert other.get(EVENTS, headers=LIST).ok() == []
    everything = {event["job"] for event in admin.get(EVENTS, headers=LIST, params={"limit": 1000}).ok()}
    assert everything == {own, theirs}


def test_previews_are_told_only_to_those_who_ask_for_one(house: House) -> None:
    shown = preview(house)

    assert house.admin.get(EVENTS, headers=LIST).ok() == []
    told = house.admin.get(f"{JOBS}/{shown['id']}/events", headers=LIST).ok()
    assert [event["event"] for event in told][-1] == "finished"


def test_the_list_is_read_on_from_its_last_event(house: House) -> None:
    id = start(house)
    house.wait(id)
    found: list[dict[str, Any]] = []
    while page := house.admin.get(
        EVENTS, headers=LIST, params={"limit": 7, "after": found[-1]["seq"] if found else 0}
    ).ok():
        assert len(page) <= 7
        found += page

    assert [event["seq"] for event in found] == logged(house, id)


def test_a_stream_ends_with_its_token(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_stream, "ELSEWHERE", 0.05)
    caller = house.as_("ORG_ADMIN", alias="leaver")

    def revoke() -> None:
        other = House(house.data_dir, house.app, house.services, asyncio.new_event_loop())
        Client(other, house_admin.token, "", "").delete(f"/v2025/personal-access-tokens/{caller.id}").ok(204)
        other.loop.close()

    house_admin = house.admin
    heard = listen(house, EVENTS, sign(caller), during=revoke)

    assert (heard.status, heard.ended) == (200, True)
    assert len(house.services.streams) == 0


def test_a_client_that_leaves_leaves_nothing_behind(house: House) -> None:
    for _ in range(streams.MOST_OF_CLIENT + 5):
        assert listen(house, EVENTS, sign(house.admin), lambda heard: bool(heard.raw)).status == 200

    assert len(house.services.streams) == 0
    assert [task for task in asyncio.all_tasks(house.loop) if "pass_on" in repr(task)] == []


def test_one_client_has_so_many_streams_and_no_more(house: House) -> None:
    async def all_of() -> tuple[int, int, int]:
        stay = [asyncio.ensure_future(hear(house, EVENTS, sign(house.admin))) for _ in range(streams.MOST_OF_CLIENT)]
        until = time.monotonic() + 10
        while len(house.services.streams) < streams.MOST_OF_CLIENT:
            assert time.monotonic() < until
            await asyncio.sleep(0.01)
        refused = await hear(house, EVENTS, sign(house.admin))
        other = await hear(house, EVENTS, sign(house.as_("ORG_ADMIN", alias="second")), lambda heard: bool(heard.raw))
        house.app.leave()  # as a server does that is told to stop
        ended = await asyncio.wait_for(asyncio.gather(*stay), 5)
        return refused.status, other.status, sum(heard.ended for heard in ended)

    house.as_("ORG_ADMIN", alias="second")
    assert house.admin.token
    assert house.loop.run_until_complete(all_of()) == (429, 200, streams.MOST_OF_CLIENT)
    assert len(house.services.streams) == 0


def test_the_server_as_a_whole_has_so_many_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MOST", 3)
    found = streams.Streams()
    for number in range(3):
        found.enter(str(number))

    with pytest.raises(TooMany):
        found.enter("another")
    found.leave("0")
    found.enter("another")
    found.close()


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "9" * 19, "²", "4711000"])
@pytest.mark.parametrize("way", ["header", "query"])
def test_a_last_event_that_is_none_is_refused(module_house: House, text: str, way: str) -> None:
    if way == "header":
        sent = {"last-event-id": text.encode().decode("latin-1")}
        reply = module_house.admin.get(EVENTS, headers=sent)
    else:
        reply = module_house.admin.get(EVENTS, params={"after": text})

    assert reply.status == 400, reply.body
