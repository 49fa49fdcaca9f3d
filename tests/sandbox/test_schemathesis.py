"""The OpenAPI document and the running sandbox, held against each other by schemathesis.

`CAMPAIGN_BRIDGE_TEST_SCHEMA_CALLS` says how many calls are made up; the values at the bounds of
every schema come on top. A quarter of what is made up is left as it is, the rest names things that
are there, so that calls get past the door.
"""

import asyncio
import contextlib
import os
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from queue import Queue
from typing import Any, TypeAlias

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import AuthContext, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.engine import events, from_schema
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi import checks

from tests.sandbox.play import Play, playing

Operation: TypeAlias = APIOperation[Any, Any, Any, Any]

CALLS = int(os.environ.get("CAMPAIGN_BRIDGE_TEST_SCHEMA_CALLS", "100"))
#: What the boundary values of today's document come to is more than that.
AT_THE_BOUNDS = 800
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
#: Never made up: it would be written to, or break every call that follows.
HARMLESS = {"url": "http://127.0.0.1:9/"}


@dataclass(slots=True)
class World:
    """A running sandbox, and the names of what is in it."""

    play: Play
    known: dict[str, list[str]]

    @property
    def schema(self) -> BaseSchema:
        """The document, as it is served; keys are given by us."""
        schema = schemathesis.openapi.from_url(f"{self.play.sandbox.url}/openapi.json")
        schema.config.generation.with_security_parameters = False
        return schema

    def key_for(self, operation: Operation) -> str:
        """Return the token that lets a call in."""
        sandbox = self.play.sandbox
        own = operation.path.startswith("/sandbox/")
        return sandbox.admin_token if own else self.play.campaign.api_key


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    ready: Queue[World] = Queue()
    over: Queue[asyncio.Event] = Queue()

    async def run() -> None:
        end = asyncio.Event()
        over.put(end)
        async with playing() as play:
            await play.admin.fund(play.campaign.id, 1_000_000)
            ready.put(World(play, await _things(play)))
            await end.wait()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        yield ready.get(timeout=30)
    finally:
        loop.call_soon_threadsafe(over.get(timeout=30).set)
        thread.join(30)
        loop.close()


async def _things(play: Play) -> dict[str, list[str]]:
    """Make what calls can name; return the names by that of the parameter or field."""
    invites, sessions = [], []
    for number in range(5):
        body = f'{{"label": "{number}"}}'.encode()
        made = await play.call("POST", f"{play.path}/link-invites", body)
        invites.append(made.json["data"]["invite"]["id"])
        body = f'{{"email": "{number}@example.com"}}'.encode()
        begun = await play.call("POST", f"{play.path}/users/link/initiate", body)
        sessions.append(begun.json["sessionKey"])
    return {
        "campaign_id": [play.campaign.id],
        "X-Campaign-Id": [play.campaign.id],
        "X-Oncade-API-Version": ["v1"],
        "user_id": ["usr_1", "usr_2"],
        "userRef": ["usr_1", "usr_2"],
        "user_ref": ["usr_2"],
        "eventCode": ["EARN5"],
        "invite_id": invites,
        "session": sessions,
        "sessionKey": sessions,
        "delivery": ["1"],
    }


def test_every_value_at_a_bound_is_answered_as_the_document_says(world: World) -> None:
    schema = world.schema
    phases = schema.config.phases
    phases.examples.enabled = phases.fuzzing.enabled = phases.stateful.enabled = False
    schema.config.parameters = {
        name: values[0]
        for name, values in world.known.items()
        if "_id" in name or name == "X-Campaign-Id"
    }
    names = {check.__name__ for check in CHECKS}
    answered, wrong = Counter[int](), []
    schema.auth()(_keys(world))
    for event in from_schema(schema).execute():
        assert not isinstance(event, events.NonFatalError | events.FatalError), event
        if isinstance(event, events.ScenarioFinished):
            for call in event.recorder.interactions.values():
                answered[call.response.status_code if call.response else 0] += 1
            wrong += [
                f"{event.label}: {check.name}: {check.failure_info.failure}"
                for found in event.recorder.checks.values()
                for check in found
                if check.failure_info is not None and check.name in names
            ]
    print(f"{answered.total()} calls at bounds: {dict(answered)}")

    assert wrong == []
    assert answered.total() > AT_THE_BOUNDS
    assert answered[200]
    assert answered[500] == answered[0] == 0


@pytest.mark.parametrize(
    ("mode", "seen"),
    [
        (GenerationMode.POSITIVE, {200, 201, 202, 400, 403, 404}),
        (GenerationMode.NEGATIVE, {400, 401, 403}),
    ],
)
def test_whatever_is_made_up_is_answered_as_the_document_says(
    world: World, mode: GenerationMode, seen: set[int]
) -> None:
    operations = [
        found.ok() for found in world.schema.get_all_operations() if isinstance(found, Ok)
    ]
    calls, statuses = CALLS // len(GenerationMode), Counter[int]()
    with requests.Session() as session:
        for turn, operation in product(range(100), operations):
            share = calls // len(operations) + 1
            statuses += _made_up(world, operation, mode, session, share=share, turn=turn)
            if turn and statuses.total() >= calls:
                break  # every operation has had its turn
    print(f"{statuses.total()} {mode.value} calls made up: {dict(statuses)}")

    assert statuses.total() >= calls
    assert not [status for status in statuses if status >= 500]
    assert seen <= set(statuses)


def _made_up(
    world: World,
    operation: Operation,
    mode: GenerationMode,
    session: requests.Session,
    *,
    share: int,
    turn: int,
) -> Counter[int]:
    """Make a share of calls and check every answer; return their statuses."""
    statuses = Counter[int]()

    @seed(turn)
    @settings(
        max_examples=share,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(generation_mode=mode), chance=st.randoms(use_true_random=True)
    )
    def call(case: Case[Any], chance: Any) -> None:
        _name_what_is_there(case, world.known, chance)
        wrong = chance.random() < 0.05
        token = "sandbox_wrong" if wrong else world.key_for(operation)
        answer = case.call_and_validate(
            session=session, headers={"Authorization": f"Bearer {token}"}, checks=CHECKS
        )
        statuses[answer.status_code] += 1

    with contextlib.suppress(Unsatisfiable):  # a call without anything to be wrong in
        call()
    return statuses


def _name_what_is_there(case: Case[Any], known: dict[str, list[str]], chance: Any) -> None:
    """Put in known names for most of those that were made up."""
    for part in case.path_parameters, case.query, case.headers, case.body:
        if isinstance(part, dict) or part is case.headers:
            for name in part or ():
                if name in known and chance.random() < 0.75:
                    part[name] = chance.choice(known[name])
                if name in HARMLESS and isinstance(part[name], str):
                    part[name] = HARMLESS[name]


def _keys(world: World) -> type:
    """Return what gives the engine the token that lets a call in."""

    class Keys:
        def get(self, case: Case[Any], _: AuthContext) -> str:
            return world.key_for(case.operation)

        def set(self, case: Case[Any], data: str, _: AuthContext) -> None:
            case.headers["Authorization"] = f"Bearer {data}"

    return Keys
