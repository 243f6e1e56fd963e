"""Standard logs of CloudFront as JSON: the columns of `cloudfront` are members, all of them texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.aws.cloudfront import COLUMNS
from chalicelib.core.formats.aws.columns import request_of
from chalicelib.core.formats.kinds import TEXT_SUFFIX
from chalicelib.core.formats.objects import Objects, holding
from chalicelib.core.framing import Framing, Kind

if TYPE_CHECKING:
    from chalicelib.core.formats.aws.columns import Setter
    from chalicelib.core.formats.json_text import Fields
    from chalicelib.core.formats.member_names import Target
    from chalicelib.core.formats.notation import Put

_PREFIX: Final = "aws.cloudfront"
_EDGE: Final = frozenset(("x-edge-location", "x-edge-result-type", "x-edge-request-id"))


def _reading(column: Setter) -> Put:
    """What `cloudfront` makes of the text of a column."""

    def put(fields: Fields, name: str, text: str) -> None:
        try:
            column(fields, name, text)
        except ValueError:
            fields[name + TEXT_SUFFIX] = text

    return put


_NAMED: Final[dict[str, Target]] = {
    spelling: (attribute, _reading(column), attribute)
    for name, (attribute, column) in COLUMNS.items()
    for spelling in (name, name.replace("(host)", "(Host)"), name.replace("(referer)", "(Referer)"),
                     name.replace("(user-agent)", "(User-Agent)"), name.replace("(cookie)", "(Cookie)"))
}  # fmt: skip

CLOUDFRONT: Final = Objects(
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
    specificity=0.9985,
    framing=Framing(kind=Kind.JSON),
    sieve=holding("x-edge-location", "x-edge-result-type", "x-edge-request-id", "cs-method"),
    prefix=_PREFIX,
    required=("cs-method", "sc-status"),
    time=("timestamp(ms)", "date time", "timestamp"),
    timeless=None,
    names=_NAMED,
    confirms=lambda members: not _EDGE.isdisjoint(members),
    utc=True,
    heading=request_of,
).format()

FORMATS: Final = (CLOUDFRONT,)
