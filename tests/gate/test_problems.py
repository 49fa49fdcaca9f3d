"""Problem documents."""

import json

import pytest
from aiohttp import web

from bridge import errors
from bridge.gate.problems import problem_of, problem_response, status_of

EXPECTED = {
    errors.NotJson: 400,
    errors.MessageRejected: 422,
    errors.MessageTooLarge: 413,
    errors.UnsupportedBody: 415,
    errors.NotAuthenticated: 401,
    errors.NotAllowed: 403,
    errors.NoRule: 422,
    errors.TranslationError: 422,
    errors.Overloaded: 429,
    errors.StoreFull: 507,
    errors.StoreUnavailable: 503,
    errors.EntryNotFound: 404,
    errors.DecisionRefused: 409,
    errors.RulesChanged: 409,
    errors.SettingsError: 422,
    errors.StoreCorrupt: 500,
    errors.CampaignError: 500,
    errors.BridgeError: 500,
}


@pytest.mark.parametrize(("kind", "status"), EXPECTED.items())
def test_each_error_has_its_status_and_says_what_it_is(
    kind: type[errors.BridgeError], status: int
) -> None:
    problem = problem_of(kind("this went wrong"))

    assert problem["status"] == status
    assert problem["type"] == f"urn:campaign-bridge:problem:{kind.code}"
    assert problem["title"] == (kind.__doc__ or "").splitlines()[0]
    assert problem["detail"] == "this went wrong"
    assert problem.get("hint", "") == kind.hint


def test_bad_fields_are_pointed_at() -> None:
    error = errors.MessageRejected(fields=[errors.FieldProblem("/player", "is missing")])

    assert problem_of(error)["errors"] == [{"pointer": "/player", "detail": "is missing"}]


@pytest.mark.parametrize(
    ("error", "header", "value"),
    [
        (errors.NotAuthenticated(), "WWW-Authenticate", "Bearer"),
        (errors.Overloaded(), "Retry-After", "1"),
        (errors.StoreUnavailable(), "Retry-After", "5"),
        (web.HTTPMethodNotAllowed("GET", ["POST"]), "Allow", "POST"),
    ],
)
def test_what_a_client_can_act_on_is_a_header_too(
    error: Exception, header: str, value: str
) -> None:
    assert problem_response(error).headers[header] == value


def test_an_unforeseen_error_says_nothing_of_itself() -> None:
    error = RuntimeError("the password is hunter2")

    assert status_of(error) == 500
    assert "hunter2" not in json.dumps(problem_of(error))


def test_the_routers_refusals_have_the_same_shape() -> None:
    problem = problem_of(web.HTTPNotFound())

    assert problem["type"] == "urn:campaign-bridge:problem:not-found"
    assert problem["status"] == 404
    assert problem["detail"] == "There is nothing at this path."


def test_a_response_can_carry_further_members() -> None:
    response = problem_response(errors.StoreFull(), {"stored": 3})

    assert response.status == 507
    assert response.content_type == "application/problem+json"
    assert isinstance(response.body, bytes)
    assert json.loads(response.body)["stored"] == 3
