"""Every policy against what the functions asked of AWS while the other integration tests ran; it runs after them.

What they did not run cannot have been called: that a policy allows too much is judged by `make test` only, which has
kept the calls of a run of everything; that it allows too little, by any run.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("chalice.cli", reason="needs chalice: make setup")

from froe import policies
from froe.local import calls
from froe.local.calls import Access
from froe.permissions import UNSEEN
from froe.resources import FUNCTIONS
from tests.integration.support import upload_and_settle

GRANTED = [each for function in FUNCTIONS for each in calls.grants_of(function, policies.read(function))]
VISIBLE = [each for each in GRANTED if not any(unseen.covers(*each[1:]) for unseen in UNSEEN)]


WHOLE = "FROE_WHOLE_RUN"
"""Set where the kept calls are those of all tests."""


@pytest.fixture(scope="module")
def needs(recorded_calls: Path, request: pytest.FixtureRequest) -> set[Access]:
    """What was called for so far, on all stacks of this run; at the least the way of one file."""
    if not os.environ.get(WHOLE):
        stack = request.getfixturevalue("stack")
        upload_and_settle(stack, "permissions/least.log", b"2026-03-01T12:00:00Z INFO started\n" * 20)
        return calls.needs_in(stack.calls).union(*map(calls.needs_in, recorded_calls.glob("*.jsonl")))
    return set().union(*map(calls.needs_in, recorded_calls.glob("*.jsonl")))


def test_every_call_of_a_function_is_allowed(needs: set[Access]) -> None:
    assert {need.function for need in needs} >= {"splitter", "worker", "notifier", "api_handler"}
    assert calls.lacking(needs, GRANTED) == []


def test_a_policy_that_lost_an_action_would_be_noticed(needs: set[Access]) -> None:
    """Each action that was called for is taken away, one at a time."""
    used = [each for each in VISIBLE if not calls.idle(needs, [each])]
    assert len(used) > 10
    for removed in used:
        rest = [each for each in GRANTED if each != removed]
        assert {need[:2] for need in calls.lacking(needs, rest)} == {removed[:2]}


def test_a_run_of_everything_calls_for_everything_that_is_allowed(needs: set[Access]) -> None:
    """Of a part only that what it does not call for is among what is visible."""
    never_called = calls.idle(needs, VISIBLE)
    if os.environ.get(WHOLE):
        assert never_called == []
    added = [
        Access("worker", "s3:DeleteObject", "${InputBucket.Arn}/*"),
        Access("authorizer", "sns:Publish", "*"),
    ]
    assert calls.idle(needs, [*VISIBLE, *added]) == sorted([*never_called, *added])
