"""Who did what, as services in the cloud tell it in JSON: Okta, Microsoft 365, Zscaler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.json_text import flat_object
from chalicelib.core.formats.objects import Objects, holding, joined, without
from chalicelib.core.framing import Framing, Kind

if TYPE_CHECKING:
    from chalicelib.core.formats.json_text import Fields


def _is_zscaler(members: Fields) -> bool:
    return str(members["sourcetype"]).startswith("zscaler")


OKTA: Final = Objects(
    name="okta",
    title="Okta System Log",
    source="https://developer.okta.com/docs/reference/api/system-log/",
    samples=(
        '{"uuid":"a1","published":"2024-03-14T09:26:53.123Z","eventType":"user.session.start","version":"0","severity":"INFO",'
        '"displayMessage":"User login to Okta","actor":{"id":"00u1","type":"User","alternateId":"ada@example.org",'
        '"displayName":"Ada"},"client":{"userAgent":{"rawUserAgent":"curl/8.5.0"},"ipAddress":"192.0.2.17"},'
        '"outcome":{"result":"SUCCESS"},"target":[{"id":"0oa1","type":"AppInstance"}]}',
        '{"uuid":"a2","published":"2024-03-14T09:26:54.000Z","eventType":"policy.evaluate_sign_on","severity":"WARN",'
        '"displayMessage":"Evaluation of sign-on policy","outcome":{"result":"DENY","reason":"no such rule"}}',
    ),
    specificity=0.9985,
    framing=Framing(kind=Kind.JSON),
    sieve=holding("published", "eventType", "displayMessage"),
    read=flat_object,
    prefix="okta",
    required=("published", "eventType", "uuid"),
    time=("published",),
    timeless=None,
    level=("severity",),
    body=("displayMessage",),
    names={
        "eventType": "event.name",
        "actor.alternateId": "user.name",
        "actor.id": "user.id",
        "client.ipAddress": "client.address",
        "client.userAgent.rawUserAgent": "user_agent.original",
        "client.geographicalContext.country": "geo.country.name",
        "authenticationContext.externalSessionId": "session.id",
    },
).format()
MICROSOFT_365: Final = Objects(
    name="microsoft_365",
    title="Microsoft 365 unified audit log (Management Activity API)",
    source="https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema",
    samples=(
        '{"CreationTime":"2024-03-14T09:26:53","Id":"00000000-0000-4000-8000-000000000001","Operation":"FileAccessed",'
        '"OrganizationId":"00000000-0000-4000-8000-000000000000","RecordType":6,"UserKey":"i:0h.f|membership|1",'
        '"UserType":0,"Version":1,"Workload":"OneDrive","ClientIP":"192.0.2.17","ObjectId":"https://example.org/a.docx",'
        '"UserId":"ada@example.org","SourceFileName":"a.docx"}',
        '{"CreationTime":"2024-03-14T09:26:54","Id":"2","Operation":"UserLoginFailed","RecordType":15,"ResultStatus":"Failed",'
        '"UserId":"bob@example.org","Workload":"AzureActiveDirectory"}',
    ),
    specificity=0.9985,
    framing=Framing(kind=Kind.JSON),
    sieve=holding("CreationTime", "RecordType"),
    read=flat_object,
    prefix="m365",
    required=("CreationTime", "Operation", "RecordType"),
    time=("CreationTime",),
    timeless=None,
    names={
        "Operation": "event.name",
        "UserId": "user.name",
        "UserKey": "user.id",
        "ClientIP": "endpoint:client",
        "ClientIPAddress": "endpoint:client",
        "UserAgent": "user_agent.original",
        "SourceFileName": "file.name",
    },
    utc=True,
    heading=joined("event.name"),
).format()
ZSCALER: Final = Objects(
    name="zscaler",
    title="Zscaler Nanolog Streaming Service, JSON",
    source="https://help.zscaler.com/zia/nss-feed-output-format-web-logs",
    samples=(
        '{"sourcetype":"zscalernss-web","event":{"datetime":"2024-03-14 09:26:53","reason":"Allowed","event_id":"7345",'
        '"protocol":"HTTPS","action":"Allowed","transactionsize":"14061","responsesize":"12000","requestsize":"2061",'
        '"urlcategory":"Online Shopping","serverip":"198.51.100.9","requestmethod":"GET","useragent":"curl/8.5.0",'
        '"ClientIP":"192.0.2.17","location":"Road Warrior","user":"ada@example.org","url":"shop.example.org/cart",'
        '"hostname":"shop.example.org","status":"200"}}',
        '{"sourcetype":"zscalernss-web","event":{"time":"Thu Mar 14 09:26:54 2024","login":"bob@example.org","action":"Blocked",'
        '"url":"games.example.org/","respcode":"403","cltip":"192.0.2.18"}}',
    ),
    specificity=0.9985,
    framing=Framing(kind=Kind.JSON),
    sieve=holding("sourcetype"),
    prefix="zscaler",
    required=("sourcetype",),
    time=("epochtime", "datetime", "time"),
    timeless=None,
    names={
        "user": "user.name",
        "login": "user.name",
        "ClientIP": "client.address",
        "clientip": "client.address",
        "cltip": "client.address",
        "serverip": "server.address",
        "hostname": "url.domain",
        "url": "url.full",
        "requestmethod": "http.request.method",
        "status": "http.response.status_code",
        "respcode": "http.response.status_code",
        "requestsize": "http.request.size",
        "responsesize": "http.response.size",
        "useragent": "user_agent.original",
        "referer": "http.request.header.referer",
        "refererURL": "http.request.header.referer",
    },
    inner=without("event."),
    confirms=_is_zscaler,
    heading=joined("zscaler.action", "http.request.method", "url.full"),
).format()

FORMATS: Final = (OKTA, MICROSOFT_365, ZSCALER)
