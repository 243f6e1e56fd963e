"""The page of events: what EventBridge is told of a settled file, with the schema of its detail, made from the code.

python -m froe.events_page > docs/events.md
"""

from __future__ import annotations

import json
from typing import Any, Final

from chalicelib.events import DETAIL_TYPE, SOURCE
from chalicelib.openapi import SCHEMAS

_TEXT: Final = f"""# Events

This page is generated from the code (`make docs`). When a file settles, Froe puts an event on the default event bus of the account, in the
stage's region. There is one event for each file, even if [one notice](architecture.md#notices) covers many files or a `[[bind]]`
suppresses the notice. The setting `EVENTS=off` turns events off. EventBridge charges a dollar per million.

This rule matches each file of the stage `prod` that is not complete:

```json
{{"source": ["{SOURCE}"], "detail-type": ["{DETAIL_TYPE}"], "detail": {{"stage": ["prod"], "state": [{{"anything-but": "COMPLETE"}}]}}}}
```

Events arrive at least once, in no particular order, a few seconds after the file settled (`NOTICES_WINDOW_SECONDS`); the `time` of the event is when it
settled. If a file settles again (a redrive completes it), there is another event. Each settling has its own `notice_id`: ignore one that
you have already handled. Nothing in the account of a file depends on its event. An event that EventBridge cannot take is sent again, at least
100 times. After that, or if EventBridge refuses it, the log of the notifier has it (`event_refused`), and `GET /files?time=settled` still lists
the file.

## The detail

The detail is the file as [`GET /files/{{file_id}}`](architecture.md#http) shows it when it settles, with `notice_id` and `stage`. Members may be added;
none is removed or changes its meaning.

```json
"""


def schema() -> dict[str, Any]:
    """Of the detail, as JSON Schema 2020-12."""
    file = SCHEMAS["File"]
    added = {"notice_id": {"type": "string"}, "stage": {"type": "string"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": DETAIL_TYPE,
        **file,
        "properties": added | file["properties"],
        "required": [*added, *file["required"]],
        "additionalProperties": True,
    }


def page() -> str:
    """The whole page, in Markdown."""
    return f"{_TEXT}{json.dumps(schema(), indent=1)}\n```\n"


if __name__ == "__main__":
    print(page(), end="")
