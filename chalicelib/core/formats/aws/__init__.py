"""Logs that AWS services write."""

from typing import Final

MODULES: Final[dict[str, tuple[str, ...]]] = {
    "events": ("aws_cloudtrail", "aws_guardduty"),
    "inventories": ("aws_config", "aws_securityhub", "aws_cloudtrail_digest"),
    "waf": ("aws_waf",),
    "network_firewall": ("aws_network_firewall",),
    "route53": ("aws_route53_resolver", "aws_route53_query"),
    "api_gateway": ("aws_api_gateway", "aws_api_gateway_clf"),
    "cloudwatch": ("aws_cloudwatch", "aws_cloudwatch_events"),
    "functions": ("aws_lambda",),
    "alb": ("aws_alb",),
    "load_balancers": ("aws_elb_classic", "aws_alb_connection", "aws_nlb_tls"),
    "cloudfront": ("aws_cloudfront",),
    "cloudfront_realtime": ("aws_cloudfront_realtime",),
    "cloudfront_json": ("aws_cloudfront_json",),
    "s3_access": ("aws_s3_access",),
    "vpc_flow": ("aws_vpc_flow",),
}
"""Module of this package → the formats in its `FORMATS`."""
