"""Queries that Route 53 answered: those of its resolver (JSON objects) and of public zones (lines)."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.json_text import flat_object
from chalicelib.core.formats.objects import Objects, holding
from chalicelib.core.formats.patterned import shaped
from chalicelib.core.framing import Framing, Kind

RESOLVER: Final = Objects(
    name="aws_route53_resolver",
    title="Amazon Route 53 Resolver, query log",
    source="https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html",
    samples=(
        '{"version":"1.100000","account_id":"111122223333","region":"eu-west-1","vpc_id":"vpc-0a1b2c3d4e5f60718",'
        '"query_timestamp":"2024-03-14T09:26:53Z","query_name":"shop.example.org.","query_type":"A","query_class":"IN",'
        '"rcode":"NOERROR","answers":[{"Rdata":"192.0.2.17","Type":"A","Class":"IN"}],"srcaddr":"198.51.100.4",'
        '"srcport":"58414","transport":"UDP","srcids":{"instance":"i-0a1b2c3d4e5f60718"}}',
        '{"version":"1.1","account_id":"111122223333","region":"eu-west-1","vpc_id":"vpc-0a1b2c3d",'
        '"query_timestamp":"2024-03-14T09:26:54Z","query_name":"bad.example.org.","query_type":"AAAA","query_class":"IN",'
        '"rcode":"NXDOMAIN","answers":[],"srcaddr":"198.51.100.5","srcport":"41000","transport":"TCP","srcids":{},'
        '"firewall_rule_group_id":"rslvr-frg-01","firewall_rule_action":"BLOCK","firewall_domain_list_id":"rslvr-fdl-01"}',
    ),
    specificity=0.995,
    framing=Framing(kind=Kind.JSON),
    sieve=holding("query_timestamp"),
    read=flat_object,
    prefix="aws.route53",
    required=("query_timestamp", "query_name", "query_type", "rcode"),
    time=("query_timestamp",),
    timeless=None,
    names={
        "account_id": "cloud.account.id",
        "region": "cloud.region",
        "query_name": "dns.question.name",
        "srcaddr": "source.address",
        "srcport": "source.port",
        "transport": "lower:network.transport",
        "srcids.instance": "host.id",
    },
).format()
QUERIES: Final = shaped(
    "aws_route53_query",
    "Amazon Route 53, public DNS query log",
    "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html",
    samples=(
        "1.0 2024-03-14T09:26:53.130Z Z0123456789ABC shop.example.org A NOERROR UDP FRA6 192.0.2.17 -",
        "1.0 2024-03-14T09:26:54.130Z Z0123456789ABC nope.example.org AAAA NXDOMAIN TCP IAD12 2001:db8::5 198.51.100.0/24",
    ),
    templates=(
        r"{text=[0-9]\.[0-9]:aws.route53.version} {time=[0-9-]{10}T[0-9:.]{8,18}Z} {text=Z[0-9A-Z]{5,31}:aws.route53.hosted_zone_id}"
        r" {text=[^ ]{1,1100}:dns.question.name} {text=[A-Z0-9]{1,12}:aws.route53.query_type}"
        r" {text=[A-Z]{2,16}:aws.route53.response_code} {lower=UDP|TCP|DOH|DOT:network.transport}"
        r" {text=[A-Z]{3}[0-9A-Z-]{0,8}:aws.route53.edge_location} {text=[0-9a-fA-F.:]{3,45}:aws.route53.resolver_ip}"
        r" {text=-|[0-9a-fA-F.:/]{3,64}:aws.route53.edns_client_subnet}",
    ),
    sieve=r"[0-9]\.[0-9] [0-9-]{10}T[0-9:.]{8,18}Z Z",
    specificity=0.99,
    single_line=True,
    rewrite=lambda _fields, _line: None,
)

FORMATS: Final = (RESOLVER, QUERIES)
