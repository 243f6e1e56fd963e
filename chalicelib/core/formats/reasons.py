"""What the reasons of rejects mean: what an entry lacks that its format has."""

from __future__ import annotations

from typing import Final

MEANINGS: Final[dict[str, str]] = {
    "another-object": "a JSON object without the members of its format",
    "invalid-json": "it is no JSON: a bracket, a quote or a comma is missing or too many",
    "invalid-structured-data": "its structured data is broken: a bracket or a quote is missing",
    "invalid-timestamp": "its time does not exist, such as 30 February or 25 o'clock",
    "no-fields-header": "a W3C log whose fields are not said, or that are others than were said",
    "no-prefix": "the line has another shape",
    "no-timestamp": "it does not begin with a time, and no entry that does stands before it",
    "no-usual-key": "not pairs of keys and values only; no time, level or message among them",
    "not-a-caddy-line": "likewise",
    "not-a-cri-line": "the line has another shape",
    "not-a-docker-line": "the line has another shape",
    "not-a-haproxy-line": "likewise",
    "not-an-access-line": 'client, user, [time], "request", status or size is missing or out of place',
    "not-an-apache-error": "likewise",
    "not-an-envoy-line": "likewise",
    "not-an-nginx-error": "likewise",
    "not-an-object": "it is JSON, but no object: a number, a string or an array",
    "not-api-gateway": "the line is none of that AWS log, or has other columns than its header",
    "not-aws-elb": "the line is none of that AWS log, or has other columns than its header",
    "not-aws-s3": "the line is none of that AWS log, or has other columns than its header",
    "not-cloudfront": "the line is none of that AWS log, or has other columns than its header",
    "not-cloudwatch": "the line is none of that AWS log, or has other columns than its header",
    "not-harbor": "the line has another shape",
    "not-klog": "the line has another shape",
    "not-lambda": "the line is none of that AWS log, or has other columns than its header",
    "not-otlp-logs": "the line has another shape",
    "not-pairs": "not pairs of keys and values only; no time, level or message among them",
    "not-rfc3164": "it does not begin with a syslog time and host",
    "not-rfc5424": "it does not begin with <PRI>VERSION and the five header fields behind them",
    "not-route53": "the line is none of that AWS log, or has other columns than its header",
    "not-vpc-flow": "the line is none of that AWS log, or has other columns than its header",
    "nothing-carried": "the prefix is there, but what follows is no line of a known format",
    "other-json": "JSON, but not of this dialect",
    "other-shape": "the line has another shape",
    "too-deep": "it nests deeper than 200 levels",
    "too-large": "its typed fields are more than DynamoDB takes in an item (400 KB)",
    "too-long": "it is longer than ENTRY_MAX_BYTES; its head is kept, and where it stands",
    "wrong-number-of-fields": "a W3C log whose fields are not said, or that are others than were said",
}  # fmt: skip
"""Code → what is missing or wrong, as the end of "this line is a reject because …"."""
