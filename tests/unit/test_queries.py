"""The local AWS answers a query page by page as before, and the last page costs no more than the first."""

from __future__ import annotations

import copy
import importlib.util
import json
from random import Random
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("ministack", reason="needs ministack: make setup")

from froe.local import queries

ITEMS = 600
Page = tuple[int, dict[str, Any]]


def fresh_dynamodb() -> ModuleType:
    """A copy of ministack's DynamoDB of one's own, with one table."""
    spec = importlib.util.find_spec("ministack.services.dynamodb")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    request = {
        "TableName": "records",
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }
    assert module._create_table(request)[0] == 200
    return module


def put(dynamodb: ModuleType, pk: str, sk: str, body: str = "x") -> None:
    item = {"pk": {"S": pk}, "sk": {"S": sk}, "kind": {"S": "record" if sk[-1] != "7" else "reject"}}
    answer = dynamodb._put_item({"TableName": "records", "Item": {**item, "body": {"S": body}}})
    assert answer[0] == 200


def delete(dynamodb: ModuleType, pk: str, sk: str) -> None:
    answer = dynamodb._delete_item({"TableName": "records", "Key": {"pk": {"S": pk}, "sk": {"S": sk}}})
    assert answer[0] == 200


@pytest.fixture(scope="module")
def both() -> tuple[ModuleType, ModuleType]:
    """ministack as it is, and ministack in order; both with the same items, written and deleted at random."""
    plain, ordered = fresh_dynamodb(), fresh_dynamodb()
    queries.read_in_order(ordered)
    for dynamodb in (plain, ordered):
        random = Random(7)
        numbers = list(range(ITEMS))
        random.shuffle(numbers)
        for number in numbers:
            put(dynamodb, "f#00", f"{number:016d}", "é" * random.choice([1, 10, 20_000]))
            put(dynamodb, "other", f"{number % 50:016d}")
        for number in random.sample(range(ITEMS), 100):
            delete(dynamodb, "f#00", f"{number:016d}")
        put(dynamodb, "f#00", "é" * 3)
        put(dynamodb, "f#00", "\U0010ffff" * 2)
    return plain, ordered


def asked(dynamodb: ModuleType, request: dict[str, Any]) -> Page:
    status, _, body = dynamodb._query(copy.deepcopy(request))
    return status, json.loads(body)


def condition(random: Random) -> dict[str, Any]:
    first, last = sorted(random.choices(range(-5, ITEMS + 5), k=2))
    values: dict[str, Any] = {":pk": {"S": random.choice(["f#00", "f#00", "other", "absent"])}}
    kind = random.randrange(6)
    if kind == 0:
        return {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": values}
    if kind == 1:
        values |= {":prefix": {"S": f"{first:016d}"[: random.randrange(1, 17)]}}
        return {
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
            "ExpressionAttributeValues": values,
        }
    if kind == 2:
        values |= {":x": {"S": f"{first:016d}"}}
        sign = random.choice(["<", "<=", ">", ">=", "="])
        return {"KeyConditionExpression": f"pk = :pk AND sk {sign} :x", "ExpressionAttributeValues": values}
    values |= {":a": {"S": f"{first:016d}"}, ":b": {"S": f"{last:016d}" if kind != 3 else "\U0010ffff"}}
    if kind == 4:
        return {
            "KeyConditionExpression": "#p = :pk AND #s BETWEEN :a AND :b",
            "ExpressionAttributeNames": {"#p": "pk", "#s": "sk"},
            "ExpressionAttributeValues": values,
        }
    return {
        "KeyConditionExpression": "pk = :pk and sk between :a and :b",
        "ExpressionAttributeValues": values,
        "FilterExpression": "kind = :pk",
    }


@pytest.mark.parametrize("seed", range(30))
def test_every_page_is_the_one_that_the_local_aws_would_give(
    both: tuple[ModuleType, ModuleType], seed: int
) -> None:
    random = Random(seed)
    request = {"TableName": "records", **condition(random)}
    if random.random() < 0.7:
        request["Limit"] = random.choice([1, 7, 50, 1000])
    if random.random() < 0.3:
        request["ScanIndexForward"] = False
    for _ in range(5):
        pages = [asked(dynamodb, request) for dynamodb in both]
        assert pages[0] == pages[1]
        if "LastEvaluatedKey" not in pages[0][1]:
            return
        request["ExclusiveStartKey"] = pages[0][1]["LastEvaluatedKey"]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"KeyConditionExpression": ""},
        {"KeyConditionExpression": "pk = :no"},
        {"KeyConditionExpression": "body = :pk", "ExpressionAttributeValues": {":pk": {"S": "x"}}},
        {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"N": "1"}}},
        {
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": "f#00"}},
            "ExclusiveStartKey": {"pk": {"S": "f#00"}},
        },
    ],
)
def test_a_wrong_query_is_refused_as_before(
    both: tuple[ModuleType, ModuleType], wrong: dict[str, Any]
) -> None:
    pages = [asked(dynamodb, {"TableName": "records", **wrong}) for dynamodb in both]
    assert pages[0] == pages[1]
    assert pages[0][0] == 400


def test_the_last_page_of_a_large_partition_looks_at_no_more_than_the_first() -> None:
    dynamodb = fresh_dynamodb()
    queries.read_in_order(dynamodb)
    for number in range(5_000):
        put(dynamodb, "f#00", f"{number:016d}")
    looked_at: list[int] = []
    evaluate = dynamodb._evaluate_condition

    def counted(*arguments: Any, **options: Any) -> Any:
        looked_at[-1] += 1
        return evaluate(*arguments, **options)

    dynamodb._evaluate_condition = counted  # type: ignore[attr-defined]
    request: dict[str, Any] = {
        "TableName": "records",
        "KeyConditionExpression": "pk = :pk AND sk BETWEEN :a AND :b",
        "ExpressionAttributeValues": {":pk": {"S": "f#00"}, ":a": {"S": "0"}, ":b": {"S": "9"}},
        "Limit": 200,
    }
    count = 0
    while True:
        looked_at.append(0)
        _, page = asked(dynamodb, request)
        count += len(page["Items"])
        if "LastEvaluatedKey" not in page:
            break
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    assert count == 5_000
    assert max(looked_at) <= looked_at[0] + 2 <= 205


def test_a_copy_of_a_partition_stays_in_order() -> None:
    partition = queries.Partition({"b": {}, "a": {}})
    copied = copy.deepcopy(partition)
    copied["aa"] = {}
    del copied["b"]
    assert (copied.order, partition.order) == (["a", "aa"], ["a", "b"])
