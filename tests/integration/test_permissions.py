"""Every policy against what the functions asked of AWS while the other integration tests ran; it runs after them.

What they did not run cannot have been called: that a policy allows too much is only said of a run of the whole
folder; that it allows too little, of any.
"""

from __future__ import annotations

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
INVISIBLE = {action for unseen in UNSEEN for action in unseen.actions}
VISIBLE = [each for each in GRANTED if each.action not in INVISIBLE]


@pytest.fixture
def needs(recorded_calls: Path, stack) -> set[Access]:
    """What was called for so far, on all stacks of this run; at the least the way of one file."""
    upload_and_settle(stack, "permissions/least.log", b"2026-03-01T12:00:00Z INFO started\n" * 20)
    folders = [stack.calls, *recorded_calls.glob("*.jsonl")]
    return set().union(*(calls.needs_in(path) for path in folders))


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


def test_a_run_of_the_whole_folder_calls_for_everything_that_is_allowed(
    needs: set[Access], whole_folder: bool
) -> None:
    """Of a part of the folder only that what it does not call for is among what is visible."""
    never_called = calls.idle(needs, VISIBLE)
    if whole_folder:
        assert never_called == []
    added = [
        Access("worker", "s3:DeleteObject", "${InputBucket.Arn}/*"),
        Access("authorizer", "sns:Publish", "*"),
    ]
    assert calls.idle(needs, [*VISIBLE, *added]) == sorted([*never_called, *added])
