"""Froe's buckets: closed to the public and to plain HTTP, versioned, encrypted with the stage's key, with their lifecycle.

Limits: the user's own bucket keeps its own settings, and is not checked.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from froe.deployment.checks.access import as_argument, same_policy
from froe.deployment.checks.examined import Examined
from froe.deployment.checks.expected import expected_of
from froe.deployment.findings import Finding, fault, not_local, ok
from froe.deployment.templates import DATA

AREA: Final = "buckets"


def check_buckets(examined: Examined) -> Iterator[Finding]:
    """Each that the data stack made."""
    policies = {
        each["Bucket"]: each["PolicyDocument"]
        for each in expected_of(examined, DATA, "AWS::S3::BucketPolicy").values()
    }
    for expected in expected_of(examined, DATA, "AWS::S3::Bucket").values():
        name = expected["BucketName"]
        if examined.ask("s3", "head_bucket", Bucket=name) is None:
            continue  # a finding of the stack's
        looks = (
            [_public, _versions] if examined.cloud.local else [_public, _versions, _encryption, _lifecycle]
        )
        findings = [look(examined, name, expected) for look in looks]
        faults = [each for each in (*findings, _policy(examined, name, policies.get(name))) if each]
        yield from faults or [ok(AREA, f"{name} is closed to the public, and as the template asks")]
        if examined.cloud.local:
            yield not_local(AREA, f"encryption and lifecycle of {name}")


def _public(examined: Examined, name: str, expected: Mapping[str, Any]) -> Finding | None:
    reply = examined.ask("s3", "get_public_access_block", Bucket=name) or {}
    asked = expected["PublicAccessBlockConfiguration"]
    if reply.get("PublicAccessBlockConfiguration") == asked:
        return None
    put = f"aws s3api put-public-access-block --bucket {name} --public-access-block-configuration "
    return fault(AREA, f"{name} can be opened to the public", put + as_argument(asked))


def _versions(examined: Examined, name: str, expected: Mapping[str, Any]) -> Finding | None:
    reply = examined.ask("s3", "get_bucket_versioning", Bucket=name) or {}
    if reply.get("Status") == expected["VersioningConfiguration"]["Status"]:
        return None
    put = f"aws s3api put-bucket-versioning --bucket {name} --versioning-configuration Status=Enabled"
    return fault(AREA, f"{name} does not keep versions of overwritten objects", put)


def _encryption(examined: Examined, name: str, expected: Mapping[str, Any]) -> Finding | None:
    (rule,) = expected["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    default = rule["ServerSideEncryptionByDefault"]
    asked = {
        "ApplyServerSideEncryptionByDefault": {
            "SSEAlgorithm": default["SSEAlgorithm"],
            "KMSMasterKeyID": default["KMSMasterKeyID"],
        },
        "BucketKeyEnabled": rule["BucketKeyEnabled"],
    }
    reply = examined.ask("s3", "get_bucket_encryption", Bucket=name) or {}
    actual = reply.get("ServerSideEncryptionConfiguration", {}).get("Rules", ())
    if any(_by_key(each) == _by_key(asked) for each in actual):
        return None
    put = f"aws s3api put-bucket-encryption --bucket {name} --server-side-encryption-configuration "
    return fault(AREA, f"{name} is not encrypted with the stage's key", put + as_argument({"Rules": [asked]}))


def _by_key(rule: Mapping[str, Any]) -> tuple[object, str, object]:
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    key = str(default.get("KMSMasterKeyID", "")).rsplit("/", 1)[-1]
    return default.get("SSEAlgorithm"), key, rule.get("BucketKeyEnabled")


def _lifecycle(examined: Examined, name: str, expected: Mapping[str, Any]) -> Finding | None:
    asked = [lifecycle_rule(each) for each in expected["LifecycleConfiguration"]["Rules"]]
    reply = examined.ask("s3", "get_bucket_lifecycle_configuration", Bucket=name) or {}
    actual = {each.get("ID"): _essence(each) for each in reply.get("Rules", ())}
    other = sorted(each["ID"] for each in asked if actual.get(each["ID"]) != _essence(each))
    spare = sorted(str(each) for each in set(actual) - {each["ID"] for each in asked})
    if not other and not spare:
        return None
    put = f"aws s3api put-bucket-lifecycle-configuration --bucket {name} --lifecycle-configuration "
    differences = [f"not as the template says: {', '.join(other)}"] if other else []
    differences += [f"not of the template: {', '.join(spare)}"] if spare else []
    return fault(
        AREA, f"{name} has lifecycle rules {'; '.join(differences)}", put + as_argument({"Rules": asked})
    )


_EXPIRIES: Final[Mapping[str, tuple[str, Callable[[Any], Any]]]] = {
    "ExpirationInDays": ("Days", int),
    "ExpiredObjectDeleteMarker": ("ExpiredObjectDeleteMarker", bool),
}


def lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as CloudFormation writes it, as S3's interface does."""
    comparable: dict[str, Any] = {
        "ID": rule["Id"],
        "Status": rule["Status"],
        "Filter": {"Prefix": rule.get("Prefix", "")},
    }
    for name, (spoken, kind) in _EXPIRIES.items():
        if name in rule:
            comparable["Expiration"] = {spoken: kind(rule[name])}
    if "Transitions" in rule:
        comparable["Transitions"] = [
            {"Days": int(each["TransitionInDays"]), "StorageClass": each["StorageClass"]}
            for each in rule["Transitions"]
        ]
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in rule:
            comparable[name] = {key: int(value) for key, value in rule[name].items()}
    return comparable


def _essence(rule: Mapping[str, Any]) -> str:
    """The prefix in place of the filter, as an answer may say "all objects" in three ways, and a prefix in two."""
    within = rule.get("Filter", {})
    narrow = [
        rule.get("Prefix") or within.get("Prefix") or "",
        {name: text for name, text in within.items() if name != "Prefix"},
    ]
    kept = {name: value for name, value in rule.items() if name not in {"Filter", "Prefix"}}
    if "Expiration" in kept:
        kept["Expiration"] = {name: value for name, value in kept["Expiration"].items() if value}
    return json.dumps([kept, narrow], sort_keys=True, default=str)


def _policy(examined: Examined, name: str, expected: Mapping[str, Any] | None) -> Finding | None:
    reply = examined.ask("s3", "get_bucket_policy", Bucket=name) or {}
    if expected is None or same_policy(reply.get("Policy"), expected):
        return None
    put = f"aws s3api put-bucket-policy --bucket {name} --policy {as_argument(expected)}"
    return fault(AREA, f"{name} does not have the policy of infra/data.json, which demands HTTPS", put)
