"""Whether two resource policies permit the same: AWS returns lists of one element as that element, in another order."""

import json
import shlex
from typing import Any


def same_policy(actual: str | None, expected: Any) -> bool:
    """`held` is JSON as AWS gives it; None or empty is no policy."""
    return bool(actual) and _canonical(json.loads(actual or "{}")) == _canonical(expected)


def as_argument(value: Any) -> str:
    """JSON as one word of a shell."""
    return shlex.quote(json.dumps(value, separators=(",", ":")))


def _canonical(value: Any) -> Any:
    if isinstance(value, list):
        items = sorted((_canonical(each) for each in value), key=repr)
        return items[0] if len(items) == 1 else items
    if value == {"AWS": "*"}:
        return "*"
    if isinstance(value, dict):
        return sorted((name, _canonical(each)) for name, each in value.items() if name != "Id")
    return str(value).lower() if isinstance(value, bool) else str(value)
