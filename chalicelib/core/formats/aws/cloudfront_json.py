"""Standard logs of CloudFront as JSON: the columns of `cloudfront` are members, all of them texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.aws.cloudfront import COLUMNS
from chalicelib.core.formats.aws.columns import request_of
from chalicelib.core.formats.kinds import TEXT_SUFFIX
from chalicelib.core.formats.objects import Dialect, holding, parser_of
from chalicelib.core.framing import Framing, Kind

if TYPE_CHECKING:
    from chalicelib.core.formats.json_text import Fields

_PREFIX: Final = "aws.cloudfront"
_TIME: Final = "\0time"


def _timed(members: Fields) -> Fields:
    """With the day and the clock as one time."""
    date, clock = members.get("date"), members.get("time")
    if not isinstance(date, str) or not isinstance(clock, str):
        return members
    others = {name: value for name, value in members.items() if name not in ("date", "time")}
    return {**others, _TIME: f"{date}T{clock}Z"}


def _typed(fields: Fields) -> None:
    """Columns hold what `cloudfront` makes of their text."""
    for name in list(fields):
        column = _BY_ATTRIBUTE.get(name)
        value = fields[name]
        if column is not None and isinstance(value, str | int | float):
            del fields[name]
            try:
                column(fields, name, str(value))
            except ValueError:
                fields[name + TEXT_SUFFIX] = value
    fields.pop(f"{_PREFIX}.{_TIME}", None)


def _is_cloudfront(members: Fields) -> bool:
    return any(name in members for name in ("x-edge-location", "x-edge-result-type", "x-edge-request-id"))


_BY_ATTRIBUTE: Final = dict(COLUMNS.values())
_NAMED: Final = {
    spelling: attribute
    for name, (attribute, _) in COLUMNS.items()
    for spelling in (name, name.replace("(host)", "(Host)"), name.replace("(referer)", "(Referer)"),
                     name.replace("(user-agent)", "(User-Agent)"), name.replace("(cookie)", "(Cookie)"))
}  # fmt: skip
_CLOUDFRONT: Final = Dialect(
    prefix=_PREFIX,
    required=("cs-method", "sc-status"),
    times=("timestamp(ms)", _TIME, "timestamp"),
    names=_NAMED,
    accepts=_is_cloudfront,
    before=_timed,
    after=_typed,
    body=request_of,
)

CLOUDFRONT: Final = Format(
    name="aws_cloudfront_json",
    title="Amazon CloudFront, standard log (v2), JSON",
    source="https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html",
    samples=(
        '{"date":"2024-03-14","time":"09:26:53","x-edge-location":"LHR61-P2","sc-bytes":"5316","c-ip":"192.0.2.17",'
        '"cs-method":"GET","cs(Host)":"d111111abcdef8.cloudfront.net","cs-uri-stem":"/cart.html","sc-status":"200",'
        '"cs(Referer)":"https://example.org/","cs(User-Agent)":"curl/8.5.0","cs-uri-query":"item=7","cs(Cookie)":"-",'
        '"x-edge-result-type":"Hit","x-edge-request-id":"SOX4xwn4XV6Q4rgb","x-host-header":"shop.example.org",'
        '"cs-protocol":"https","cs-bytes":"23","time-taken":"0.001","cs-protocol-version":"HTTP/2.0","c-port":"11040"}',
        '{"timestamp(ms)":"1710408414123","timestamp":"1710408414","c-ip":"2001:db8::5","cs-method":"HEAD","sc-status":"404",'
        '"cs-uri-stem":"/","x-edge-location":"FRA2-C1","DistributionId":"E1"}',
    ),
    make_parser=parser_of(_CLOUDFRONT),
    specificity=0.9985,
    framing=Framing(kind=Kind.JSON),
    sieve=holding("x-edge-location", "x-edge-result-type", "x-edge-request-id", "cs-method"),
    alone=True,
)

FORMATS: Final = (CLOUDFRONT,)
