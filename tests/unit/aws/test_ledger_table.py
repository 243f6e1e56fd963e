"""The ledger's table keeps its promises, in DynamoDB as in the stand-in that other tests rely on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws.ledger_table import DynamoLedger
from chalicelib.core.decoding.compressions import Compression
from chalicelib.core.decoding.decoders import Damage
from chalicelib.core.errors import PermanentError
from chalicelib.core.ledger.accounts import State, account_of
from chalicelib.core.ledger.marks import Counts, Mark, Outcome, Tally
from chalicelib.core.ledger.seals import Obstacle, Seal, Setback
from chalicelib.core.ledger.summaries import summary_of
from chalicelib.core.ledger.used import NOTHING, Used
from chalicelib.core.plan import Archive, Member, ObjectHead, ObjectVersion, Plan, failed_plan
from chalicelib.core.plan.layouts import Layout
from chalicelib.ledger import Ledger, SealConflictError, opened_position
from tests.fakes import WHEN, FakeLedgerTable

HEAD = ObjectHead(ObjectVersion("logs", "dir/a b.log", "v1", "e"), 200, "text/plain", WHEN)
PLAN = Plan(HEAD, "json", 0.99, retention_days=30)
FILE = PLAN.file_id
SEAL = Seal(0, 0, 201, 2, Tally(5, 6, 201), last=True, damage=Damage("truncated", "it ends", 90, 200))
DONE = Mark.done(Counts(Tally(3, 3, 90), Tally(1, 1, 10), {"blank": Tally(0, 1, 1)}))
OTHER_DONE = Mark.done(Counts(Tally(1, 1, 100)))
FAILED = Mark(Outcome.FAILED, Tally(1, 1, 100), note="no table")


@pytest.fixture(params=["fake", "dynamodb"])
def table(request: pytest.FixtureRequest) -> Any:
    if request.param == "fake":
        return FakeLedgerTable()
    return DynamoLedger(request.getfixturevalue("dynamodb"), "ledger")


def opened(table: Any, plan: Plan = PLAN) -> Plan:
    table.put_plan(plan, account_of(plan, ()), WHEN)
    return plan


def test_the_first_plan_wins_and_is_read_back_whole(table) -> None:
    assert table.put_plan(PLAN, account_of(PLAN, ()), WHEN, "1-a-b") is None
    later = replace(PLAN, format="text")
    stored = table.read_file(FILE)
    assert table.put_plan(later, account_of(later, ()), WHEN + timedelta(days=1)) == stored
    assert table.read_file(FILE) == stored
    assert stored.plan == PLAN
    assert stored.account == account_of(PLAN, ())
    assert (stored.opened_at, stored.settled_at, stored.trace) == (WHEN, None, "1-a-b")
    assert table.read_file("unknown") is None


@pytest.mark.parametrize("depth", [1, 2])
def test_the_plan_of_a_member_says_where_it_lies(table, depth: int) -> None:
    head = HEAD
    for ordinal in range(depth):
        compressions = (Compression.GZIP, Compression.ZSTD)
        member = Member(head, compressions, ordinal, "../a\u00e9.log", 512, 90 + ordinal, 3, 4)
        head = replace(
            head,
            version=replace(HEAD.version, key=f"{head.version.key}/a.log", member=member),
            size=80,
            content_type="",
        )
    plan = opened(table, Plan(head, "json", 0.5))
    archive = opened(table, Plan(HEAD, "tar", 1.0, archive=Archive.TAR, parallel=False))
    assert table.read_file(plan.file_id).plan == plan
    assert table.read_file(archive.file_id).plan == archive
    assert plan.version == archive.version == 6
    assert plan.file_id != archive.file_id


def test_the_members_of_a_split_are_kept_in_their_order(table) -> None:
    table.put_members(FILE, 1, ["b", "a"], None)
    assert (list(table.read_members(FILE, 1)), list(table.read_members(FILE, 0))) == (["b", "a"], [])


def test_a_layout_that_only_newer_code_knows_is_refused(dynamodb) -> None:
    table = DynamoLedger(dynamodb, "ledger")
    packed = replace(PLAN, layout=Layout.PACKED)
    opened(table, packed)
    assert table.read_file(FILE).plan == packed
    assert packed.version == 4
    key = {"pk": {"S": FILE}, "sk": {"S": "file"}}
    dynamodb.update_item(
        TableName="ledger",
        Key=key,
        UpdateExpression="SET layout = :layout",
        ExpressionAttributeValues={":layout": {"S": "woven"}},
    )
    with pytest.raises(PermanentError, match=f"the plan of {FILE} .*'woven'.*deploy a newer one"):
        table.read_file(FILE)


def test_a_plan_that_failed_is_settled_when_it_is_opened(table) -> None:
    plan = opened(table, failed_plan(HEAD, "not text"))
    stored = table.read_file(plan.file_id)
    assert (stored.account.state, stored.settled_at) == (State.FAILED, WHEN)


def test_the_first_seal_stays(table) -> None:
    assert table.put_seal(FILE, SEAL, None) is None
    assert table.put_seal(FILE, replace(SEAL, end=202), None) == SEAL
    assert table.read_split(FILE, 0).seal == SEAL
    assert table.read_split(FILE, 1) is None
    within_a_member = replace(SEAL, split=1, cut_short=0)
    table.put_seal(FILE, within_a_member, None)
    assert table.read_split(FILE, 1).seal == within_a_member


def test_a_summary_of_a_split_that_is_neither_sealed_nor_set_back_leaves_nothing(table) -> None:
    table.put_summary(FILE, 0, summary_of(0, {0: DONE}))
    assert table.read_split(FILE, 0) is None
    table.raise_setback(FILE, 0, Setback(Obstacle.FAILED, "gone"), None)
    table.put_summary(FILE, 0, summary_of(0, {0: DONE}))
    assert table.put_seal(FILE, SEAL, None) is None
    (split,) = table.read_splits(FILE)
    assert (split.seal, split.summary) == (SEAL, summary_of(0, {0: DONE}))


def test_an_account_of_a_file_whose_plan_is_gone_leaves_nothing(table) -> None:
    table.put_account(FILE, replace(account_of(PLAN, ()), revision=7), WHEN)
    assert table.read_file(FILE) is None
    assert not table.known_files([FILE])
    assert table.put_plan(PLAN, account_of(PLAN, ()), WHEN) is None


def test_an_item_without_a_plan_gives_way_to_one(dynamodb) -> None:
    table = DynamoLedger(dynamodb, "ledger")
    left = {"pk": {"S": FILE}, "sk": {"S": "file"}, "revision": {"N": "9"}, "state": {"S": "COMPLETE"}}
    dynamodb.put_item(TableName="ledger", Item=left)
    assert table.read_file(FILE) is None
    assert not table.known_files([FILE])
    assert table.put_plan(PLAN, account_of(PLAN, ()), WHEN) is None
    assert table.read_file(FILE).account == account_of(PLAN, ())
    assert table.put_plan(PLAN, account_of(PLAN, ()), WHEN) == table.read_file(FILE)


@pytest.mark.parametrize(
    ("before", "then", "stays"), [(FAILED, DONE, DONE), (DONE, FAILED, DONE), (FAILED, FAILED, FAILED)]
)
def test_marks_only_rise(table, before, then, stays) -> None:
    table.raise_mark(FILE, 0, 3, before, None)
    assert table.raise_mark(FILE, 0, 3, then, None) == {3: stays}
    assert table.read_mark(FILE, 0, 3) == stays


def test_a_mark_is_replaced_only_by_who_has_seen_it_and_a_disputed_one_is_raised_by_nobody(table) -> None:
    done = Mark.done(Counts(parsed=Tally(3, 3, 90)), 7, "AbcdEf_-")
    table.raise_mark(FILE, 0, 3, done, None)
    assert not table.replace_mark(FILE, 0, 3, FAILED, DONE)
    assert not table.replace_mark(FILE, 0, 4, FAILED, DONE)
    disputed = done.taken_back((0, 200))
    assert table.replace_mark(FILE, 0, 3, done, disputed)
    for mark in (FAILED, Mark(Outcome.DISCARDED, Tally(1, 1, 1)), DONE):
        assert table.raise_mark(FILE, 0, 3, mark, None)[3] == disputed
    corrected = replace(done, corrections=disputed.corrections)
    assert table.replace_mark(FILE, 0, 3, disputed, corrected)
    assert table.read_mark(FILE, 0, 3) == corrected
    assert done.revision < disputed.revision < corrected.revision


def test_raising_a_mark_gives_its_leaf_and_nothing_else(table) -> None:
    for batch in (0, 15, 16, 31, 32):
        table.raise_mark(FILE, 0, batch, DONE, None)
    table.raise_mark(FILE, 1, 17, DONE, None)
    assert set(table.raise_mark(FILE, 0, 17, DONE, None)) == {16, 17, 31}
    assert set(table.read_marks(FILE, 0)) == {0, 15, 16, 17, 31, 32}
    assert table.read_mark(FILE, 0, 1) is None


def test_what_was_used_comes_with_the_mark_that_stands_and_with_no_other(table) -> None:
    table.raise_mark(FILE, 0, 3, FAILED, None, Used(5, milliseconds=30))
    table.raise_mark(FILE, 0, 3, DONE, None, Used(7, milliseconds=40))
    table.raise_mark(FILE, 0, 3, DONE, None, Used(100, milliseconds=100))
    table.raise_mark(FILE, 0, 4, DONE, None)
    table.raise_mark(FILE, 0, 16, DONE, None, Used(1000))
    marks, used = table.read_marks_and_use(FILE, 0)
    assert set(marks) == {3, 4, 16}
    assert used == Used(1012, milliseconds=70)


def test_what_was_used_is_read_again_and_items_without_it_too(dynamodb) -> None:
    table = DynamoLedger(dynamodb, "ledger")
    opened, cut, worked = Used(0, 0, 1, 2, 3), Used(0, 9, 1, 1, 1500), Used(2880, milliseconds=400)
    table.put_plan(PLAN, account_of(PLAN, ()), WHEN, None, opened)
    table.put_seal(FILE, SEAL, None, cut)
    table.put_summary(FILE, 0, summary_of(0, dict(enumerate([DONE, DONE])), SEAL, worked))
    split = table.read_split(FILE, 0)
    assert (split.used, split.summary.used) == (cut, worked)
    table.put_account(FILE, account_of(PLAN, [split]), WHEN)
    table.put_sum(FILE, 1, split, None)
    assert (table.read_file(FILE).opening, table.read_file(FILE).account.used) == (opened, cut + worked)
    (total,) = table.read_sums(FILE, 1)
    assert (total.used, total.summary.used) == (cut, worked)
    for sk in ("file", "split#000000", "sum#1#000000"):
        key = {"pk": {"S": FILE}, "sk": {"S": sk}}
        item = dynamodb.get_item(TableName="ledger", Key=key)["Item"]
        item["summary"]["M"].pop("used")
        without = {name: value for name, value in item.items() if name not in {"used", "opening_used"}}
        dynamodb.put_item(TableName="ledger", Item=without)
    assert (table.read_file(FILE).opening, table.read_file(FILE).account.used) == (NOTHING, NOTHING)
    assert (table.read_split(FILE, 0), table.read_sums(FILE, 1)) == (split, [total])


def test_a_summary_never_replaces_a_newer_one(table) -> None:
    table.put_seal(FILE, SEAL, None)
    newer, older = (
        summary_of(0, dict(enumerate([DONE, DONE]))),
        summary_of(0, dict(enumerate([DONE, FAILED]))),
    )
    table.put_summary(FILE, 0, newer)
    table.put_summary(FILE, 0, older)
    assert table.read_splits(FILE)[0].summary == newer


def test_a_mark_that_says_what_its_batch_holds_takes_the_place_of_one_that_does_not(table) -> None:
    unmeasured = Mark(Outcome.FAILED, Tally(), note="lost")
    for mark, expected in ((unmeasured, unmeasured), (FAILED, FAILED), (unmeasured, FAILED), (DONE, DONE)):
        table.raise_mark(FILE, 0, 0, mark, None)
        assert table.read_mark(FILE, 0, 0) == expected


def test_an_account_never_replaces_a_newer_one_and_drops_an_old_reason(table) -> None:
    plan = opened(table)
    ledger = Ledger(table, lambda: WHEN)
    ledger.record_mark(FILE, 0, 0, DONE, None)
    ledger.record_mark(FILE, 0, 1, FAILED, None)
    ledger.record_seal(plan, replace(SEAL, damage=None))
    stored = table.read_file(FILE)
    assert (stored.account.state, stored.account.reason) == (
        State.INCOMPLETE,
        "1 of 2 batches is dead-lettered (1 line, 100 bytes): 000000-000001",
    )
    incomplete = stored.account
    ledger.record_mark(FILE, 0, 1, OTHER_DONE, None)
    assert table.read_file(FILE).account.state is State.COMPLETE
    assert table.read_file(FILE).account.reason is None
    table.put_account(FILE, incomplete, WHEN)
    assert table.read_file(FILE).account.state is State.COMPLETE


def test_a_file_is_not_shown_as_settled_before_that_is_written(table) -> None:
    opened(table)
    ledger = Ledger(table, lambda: WHEN)
    table.put_seal(FILE, replace(SEAL, damage=None), None)
    table.raise_mark(FILE, 0, 0, DONE, None)
    table.raise_mark(FILE, 0, 1, OTHER_DONE, None)
    assert ledger.read_account(table.read_file(FILE)).state is State.PROCESSING
    assert ledger.read_account(table.read_file(FILE)).summary.done == 2
    ledger.resettle(FILE, 0)
    assert ledger.read_account(table.read_file(FILE)).state is State.COMPLETE


def test_a_seal_that_differs_is_an_error(table) -> None:
    plan = opened(table)
    ledger = Ledger(table, lambda: WHEN)
    assert ledger.record_seal(plan, SEAL)
    assert not ledger.record_seal(plan, SEAL)
    with pytest.raises(SealConflictError, match="split 0"):
        ledger.record_seal(plan, replace(SEAL, batches=3))


def test_the_last_check_point_before_a_place_is_read(dynamodb) -> None:
    table = DynamoLedger(dynamodb, "ledger")
    for place in (5, 700, 10**12):
        table.put_checkpoint(FILE, place, bytes([place % 251]) * 30_000, 2_000_000_000)
    table.put_seal(FILE, SEAL, None)
    assert table.read_checkpoint(FILE, 4) is None
    assert table.read_checkpoint(f"{FILE}~1", 4000) is None
    for place, last in ((5, 5), (699, 5), (700, 700), (10**12 - 1, 700), (10**13, 10**12)):
        assert table.read_checkpoint(FILE, place) == (last, bytes([last % 251]) * 30_000)
    (item,) = dynamodb.query(
        TableName="ledger",
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": FILE}, ":sk": {"S": "checkpoint#0000000000000005"}},
    )["Items"]
    assert item["expires_at"] == {"N": "2000000000"}


def test_more_than_a_page_of_leaves_is_read(table) -> None:
    for batch in range(0, 3200, 16):
        table.raise_mark(FILE, 0, batch, FAILED, None)
    assert len(table.read_marks(FILE, 0)) == 200


def test_files_are_listed_by_state_and_by_key_newest_first(dynamodb) -> None:
    table = DynamoLedger(dynamodb, "ledger")
    plans = [
        replace(PLAN, head=replace(HEAD, version=replace(HEAD.version, version_id=f"v{n}"))) for n in range(5)
    ]
    for number, plan in enumerate(plans):
        table.put_plan(plan, account_of(plan, ()), WHEN + timedelta(seconds=number))
    newest_first = [plan.file_id for plan in reversed(plans)]
    page, reached, _ = table.files_by_state(State.SPLITTING, before=None, limit=2)
    assert [file.plan.file_id for file in page] == newest_first[:2]
    before = opened_position(page[-1].opened_at, page[-1].plan.file_id)
    assert reached == before
    rest, reached, _ = table.files_by_state(State.SPLITTING, before=before, limit=9)
    assert reached is None
    assert [file.plan.file_id for file in rest] == newest_first[2:]
    assert not table.files_by_state(State.COMPLETE, before=None, limit=9).files
    by_key = table.files_by_key("dir/a b.log", before=before, limit=9).files
    assert [file.plan.file_id for file in by_key] == newest_first[2:]


def test_files_of_a_state_are_spread_over_sixteen_partitions_of_the_index_and_listed_as_one(dynamodb) -> None:
    """One partition key takes 1,000 writes a second; files of earlier versions lie under the state alone."""
    table = DynamoLedger(dynamodb, "ledger")
    plans = [
        replace(PLAN, head=replace(HEAD, version=replace(HEAD.version, version_id=f"v{n}")))
        for n in range(60)
    ]
    for number, plan in enumerate(plans):
        table.put_plan(plan, account_of(plan, ()), WHEN + timedelta(seconds=number))
    stored = {item["pk"]["S"]: item["state"]["S"] for item in dynamodb.scan(TableName="ledger")["Items"]}
    assert len(set(stored.values())) == 16
    for number in range(0, 60, 7):  # as an earlier version left it
        item = dynamodb.get_item(
            TableName="ledger", Key={"pk": {"S": plans[number].file_id}, "sk": {"S": "file"}}
        )["Item"]
        dynamodb.put_item(TableName="ledger", Item=item | {"state": {"S": "SPLITTING"}})
    newest_first = [plan.file_id for plan in reversed(plans)]
    for limit, pages in ((1, 5), (7, 100), (60, 100), (100, 100)):
        listed: list[str] = []
        before = None
        for _ in range(pages):
            page = table.files_by_state(State.SPLITTING, before=before, limit=limit)
            assert len(page.files) <= limit
            listed += [file.plan.file_id for file in page.files]
            before = page.reached
            if before is None:
                break
        assert listed == newest_first[: pages * limit]


def test_files_of_all_states_are_listed_by_time_and_an_index_sifts_by_key_and_format(dynamodb) -> None:
    table = DynamoLedger(dynamodb, "ledger")
    for number in range(60):
        version = replace(
            HEAD.version, version_id=f"v{number}", key=f"{'web' if number % 3 else 'app'}/{number}"
        )
        plan = replace(
            PLAN, head=replace(HEAD, version=version), format="syslog" if number % 2 else "json_lines"
        )
        table.put_plan(plan, account_of(plan, ()), WHEN + timedelta(seconds=number))

    def listed(limit: int, **asked: str) -> list[str]:
        keys, before = [], None
        while True:
            page = table.files_opened(before=before, limit=limit, **asked)
            assert len(page.files) <= limit
            keys += [file.plan.object.key.partition("/")[2] for file in page.files]
            before = page.reached
            if before is None:
                return list(map(int, keys))

    assert listed(7) == listed(100) == list(range(59, -1, -1))
    assert listed(4, prefix="app/") == [n for n in range(59, -1, -1) if n % 3 == 0]
    assert listed(4, prefix="app/", format_name="syslog") == [n for n in range(59, -1, -1) if n % 6 == 3]
    since = (WHEN + timedelta(seconds=50)).isoformat(timespec="microseconds")
    assert listed(4, since=since) == list(range(59, 49, -1))


def test_a_file_of_an_earlier_version_is_listed_once_it_is_shelved_or_changes(dynamodb) -> None:
    table = DynamoLedger(dynamodb, "ledger")
    plan = opened(table)
    key = {"pk": {"S": plan.file_id}, "sk": {"S": "file"}}
    item = dynamodb.get_item(TableName="ledger", Key=key)["Item"]
    dynamodb.put_item(TableName="ledger", Item={name: item[name] for name in item if name != "shelf"})
    assert not table.files_opened(before=None, limit=9).files
    table.shelve(plan.file_id)
    table.shelve("no such file")
    assert [file.plan for file in table.files_opened(before=None, limit=9).files] == [plan]
    assert dynamodb.get_item(TableName="ledger", Key=key)["Item"] == item


def test_an_earlier_versions_file_moves_to_its_partition_with_its_next_state(dynamodb) -> None:
    table = DynamoLedger(dynamodb, "ledger")
    plan = opened(table)
    key = {"pk": {"S": plan.file_id}, "sk": {"S": "file"}}
    item = dynamodb.get_item(TableName="ledger", Key=key)["Item"]
    dynamodb.put_item(TableName="ledger", Item=item | {"state": {"S": "SPLITTING"}})
    account = replace(table.read_file(FILE).account, state=State.PROCESSING, revision=7)
    table.put_account(FILE, account, WHEN)
    assert not table.files_by_state(State.SPLITTING, before=None, limit=9).files
    (file,) = table.files_by_state(State.PROCESSING, before=None, limit=9).files
    assert file.account == account


def test_what_may_expire_says_when(dynamodb) -> None:
    table = DynamoLedger(dynamodb, "ledger")
    opened(table)
    table.put_seal(FILE, SEAL, PLAN.expires_at)
    table.raise_mark(FILE, 0, 0, DONE, PLAN.expires_at)
    items = dynamodb.scan(TableName="ledger")["Items"]
    assert {item["expires_at"]["N"] for item in items} == {str(PLAN.expires_at)}
    assert len(items) == 3


def test_a_file_that_cannot_be_read_is_named_and_does_not_hide_the_others(dynamodb, caplog) -> None:
    ledger = DynamoLedger(dynamodb, "ledger")
    opened(ledger)
    broken = {
        "pk": "broken",
        "sk": "file",
        "state": "SPLITTING",
        "key": PLAN.object.key,
        "opened": "2026#broken",
    }
    dynamodb.put_item(TableName="ledger", Item={name: {"S": value} for name, value in broken.items()})
    listed = ledger.files_by_state(State.SPLITTING, before=None, limit=9)
    assert [file.plan.file_id for file in listed.files] == [PLAN.file_id]
    assert [file.plan for file in ledger.files_by_key(PLAN.object.key, before=None, limit=9).files] == [PLAN]
    logged = {(record.getMessage(), record.file_id) for record in caplog.records}
    assert logged == {("item_unreadable", "broken")}
