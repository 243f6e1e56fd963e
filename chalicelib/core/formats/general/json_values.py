"""JSON objects wherever their lines end: pretty-printed, one behind another, in an array.

`json_values` is what JSON lines are, but for the framing; arrays' elements that are no objects are
rejects. `azure_records` are the `{"records":[…]}` of Azure's diagnostic settings, and their objects on
lines (`PT1H.json`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.json_text import flat_object
from chalicelib.core.formats.objects import Objects, graded, holding, joined
from chalicelib.core.formats.registry import by_name
from chalicelib.core.framing import Framing, Kind

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.formats.json_text import Fields


def _make_parser(context: ParseContext) -> Parse:
    return by_name("json").make_parser(context)


def _is_azure(members: Fields) -> bool:
    return "resourceId" in members or "ResourceId" in members or "operationName" in members


_LEVELS: Final = {"1": 21, "2": 17, "3": 13, "4": 9, "5": 5}
"""1 is critical, 5 verbose."""

AZURE: Final = Objects(
    name="azure_records",
    title="Azure resource logs (diagnostic settings)",
    source="https://learn.microsoft.com/azure/azure-monitor/essentials/resource-logs-schema",
    samples=(
        '{"records":[{"time":"2024-03-14T09:26:53.1234567Z","resourceId":"/SUBSCRIPTIONS/0/RESOURCEGROUPS/SHOP",'
        '"operationName":"Microsoft.KeyVault/vaults/secrets/read","category":"AuditEvent","level":"Informational",'
        '"resultType":"Success","resultDescription":"secret read","durationMs":"87","callerIpAddress":"192.0.2.17",'
        '"correlationId":"00000000-0000-4000-8000-000000000000","properties":{"httpStatusCode":200}}]}',
        '{ "time": "2024-03-14T09:26:54Z", "resourceId": "/SUBSCRIPTIONS/0", "category": "Administrative",'
        ' "operationName": "MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE", "resultType": "Start", "level": "Warning",'
        ' "location": "global" }',
    ),
    specificity=0.993,
    framing=Framing(kind=Kind.JSON, member="records"),
    sieve=holding("records", "category"),
    read=flat_object,
    prefix="azure",
    required=("category",),
    time=("time", "timeStamp", "timestamp", "TimeGenerated"),
    timeless=None,
    names={
        "resourceId": "cloud.resource_id",
        "ResourceId": "cloud.resource_id",
        "location": "cloud.region",
        "callerIpAddress": "client.address",
        "identity.claims.name": "user.name",
        "durationMs": "number:azure.duration_ms",
    },
    level=("level", "Level"),
    body=("resultDescription", "message"),
    confirms=_is_azure,
    heading=joined("azure.operation_name|azure.category"),
    levels=graded(_LEVELS),
).format()
VALUES: Final = Format(
    name="json_values",
    title="JSON objects over several lines, one behind another or in an array",
    source="https://www.rfc-editor.org/rfc/rfc8259",
    samples=(
        '{\n  "time": "2024-03-14T09:26:53.123Z",\n  "level": "info",\n  "msg": "order accepted",\n'
        '  "order": {\n    "id": 17,\n    "lines": [\n      {"sku": "F-1"}\n    ]\n  }\n}',
        '{"time":"2024-03-14T09:26:53Z","level":"warn","msg":"a"}{"time":"2024-03-14T09:26:54Z","level":"info","msg":"b"}',
        '[{"time":"2024-03-14T09:26:53Z","level":"warn","msg":"a"},\n{"time":"2024-03-14T09:26:54Z","msg":"b"}]',
    ),
    make_parser=_make_parser,
    specificity=0.75,
    framing=Framing(kind=Kind.JSON),
    sieve=r"[ \t]*+[{\[]",
)

FORMATS: Final = (AZURE, VALUES)
