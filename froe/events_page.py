"""The page of events: what EventBridge is told of a settled file, with the schema of its detail, made from the code.

python -m froe.events_page > docs/events.md
"""

from __future__ import annotations

import json
from typing import Any, Final

from chalicelib.events import DETAIL_TYPE, SOURCE
from chalicelib.schemas import SCHEMAS

_TEXT: Final = f"""# Events

This page is made from the code (`make docs`). Each file that settles is an event on the default event bus of the account, in the
stage's region: one event for each file, also where [one notice](architecture.md#notices) tells people of many, and where a `[[bind]]`
keeps notices quiet. The setting `EVENTS=off` sends none of them; EventBridge asks a dollar for a million.

A rule that matches each file of the stage `prod` that is not complete:

```json
{{"source": ["{SOURCE}"], "detail-type": ["{DETAIL_TYPE}"], "detail": {{"stage": ["prod"], "state": [{{"anything-but": "COMPLETE"}}]}}}}
```

Events come at least once, in no order, a few seconds after the file settled (`NOTICES_WINDOW_SECONDS`); `time` of the event is when it
settled. A file that settles again (a redrive completes it) has another event. `notice_id` is that of the settling: pass over one that
you have seen. Nothing in the account of a file depends on its event. What EventBridge does not take is sent again, 100 times at least;
then, or where it refuses the event, the log of the notifier has it (`event_refused`), and `GET /files?time=settled` lists the file all
the same.

## The detail

The file as [`GET /files/{{file_id}}`](architecture.md#http) shows it when it settles, with `notice_id` and `stage`. Members may be added;
none of these is taken away or gets another meaning.

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
