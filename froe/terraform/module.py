"""The files of infra/terraform: name → text, and the command that writes them (`make terraform`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from chalicelib.core.plan.lanes import MOST, NAME
from froe.resources import snake_case
from froe.terraform import backfill, gaps, processes, resources, variables
from froe.terraform.hcl import COMMENTS, Block, Expr, block
from froe.terraform.values import INFRA, OF_LANE, PARAMETERS, RESOURCES, TYPES

FOLDER: Final = INFRA / "terraform"
_GENERATED: Final = "# Written from the templates in infra by `make terraform`: change those.\n"
_FILES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "encryption": ("The key that encrypts everything of the stage, and who may use it.", ("KMS",)),
    "buckets": ("The input bucket, unless you bring yours; dead letters and reports.", ("S3", "IAM")),
    "queues": ("Splits, batches and dead letters; what may send to them.", ("SQS",)),
    "tables": ("Records and ledger.", ("DynamoDB",)),
    "notifications": (
        "Notices and alarms to people; how uploads are announced by a topic or by events.",
        ("SNS", "Events"),
    ),
    "trail": ("Who read and wrote objects of the buckets, where that is to be recorded.", ("CloudTrail",)),
    "catalog": ("The sink as a table of Athena, and what its queries may scan.", ("Glue", "Athena")),
    "logs": ("Log groups of the functions, and what is counted in them.", ("Logs",)),
    "queries": ("Saved queries of Logs Insights.", ("Logs::QueryDefinition",)),
    "alarms": ("What wakes people; each description says what to do.", ("CloudWatch",)),
    "dashboard": ("One page for an operator.", ("CloudWatch::Dashboard",)),
    "traces": ("Which requests X-Ray follows, and the traces of the stage as a group.", ("XRay",)),
    "backfill": ("The state machine of backfills, which is optional.", ("StepFunctions",)),
    "processes": (
        "`froe consume` on ECS, where processes_image names an image.",
        ("ECS", "ApplicationAutoScaling"),
    ),
    "lanes": ("Of each lane beside the default one: its queue, and what watches its worker.", ()),
}
"""File → what it holds, and which services, or which types of a service, of CloudFormation."""
_SKIPPED: Final[Mapping[str, Mapping[str, str]]] = {
    "data.aws_iam_policy_document.key": {
        "CKV_AWS_109": "in a key's own policy the resource * is this key, which the account administers",
        "CKV_AWS_111": "in a key's own policy the resource * is this key, which the account's policies may let write",
        "CKV_AWS_356": "in a key's own policy the resource * is this key and nothing else",
    },
    "data.aws_iam_policy_document.backfill_role": dict.fromkeys(
        ("CKV_AWS_111", "CKV_AWS_356"),
        "the actions of log delivery and of X-Ray know no resources: * is the only one that AWS takes",
    ),
    "data.aws_iam_policy_document.processes_start_role": {
        "CKV_AWS_356": "the token of ECR knows no resources: * is the only one that AWS takes"
    },
    "aws_s3_bucket.quarantine_bucket": {
        "CKV_AWS_144": "dead letters can be sent again from their input object, which may be replicated",
        "CKV2_AWS_62": "the consumer that writes here announces its letters itself",
    },
    "aws_s3_bucket.results_bucket": {
        "CKV_AWS_144": "reports are made again from the ledger",
        "CKV2_AWS_62": "whoever asks for a report waits for it",
    },
    "aws_s3_bucket.trail_bucket": {
        "CKV_AWS_144": "the trail is validated by its digests; copy it where your rules ask for that",
        "CKV2_AWS_62": "nothing is to happen at each of CloudTrail's files",
    },
    "aws_cloudtrail.trail": {
        "CKV_AWS_67": "the trail is about the buckets of this stage, which are in one region",
        "CKV_AWS_252": "nobody waits for CloudTrail's files",
        "CKV2_AWS_10": "data events are kept in the bucket; a log group would hold them twice",
    },
}
"""Address → check of checkov → why it does not apply."""
_BACKFILL: Final = Block(
    description="Whether there is a state machine that announces the objects that are in the input bucket already",
    type=Expr("bool"),
    default=False,
)
_LANES: Final = Block(
    description="Lanes beside the default one, each a batch queue and a worker: name => timeout of the worker, and how long its"
    " queue hides a message; `chalice package` writes them",
    type=Expr("map(object({ timeout_seconds = number, visibility_seconds = number }))"),
    default={},
    nullable=False,
    validation=[
        Block(
            condition=Expr(
                f'length(var.lanes) < {MOST} && alltrue([for lane in keys(var.lanes) : can(regex("^{NAME.pattern}$", lane))])'
            ),
            error_message=f"lanes must be: at most {MOST - 1} names of 1 to 16 lower-case letters and digits, a letter first.",
        )
    ],
)
_VERSIONS: Final = Block(
    required_version=">= 1.5",
    required_providers=[Block(aws={"source": "hashicorp/aws", "version": "~> 5.100"})],
)


def files() -> dict[str, str]:
    """The whole module: the name of each file and its text."""
    made = {
        "versions.tf": _text(
            "No provider is configured here: region and credentials come from the environment, or from the calling module.",
            [block("terraform", _VERSIONS)],
        ),
        "variables.tf": _text("The parameters of the templates, under the same names.", _variables()),
        "locals.tf": _text(
            "Where the module is, what decides what there is, and what is refused together.", _locals()
        ),
        "provider_gaps.tf": _text(
            "What the AWS provider 5.x does not take, by the AWS command line: without it the defaults of AWS stay.",
            [
                block('variable "aws_cli"', gaps.CLI),
                block("locals", gaps.local_values()),
                *(_resource(*each) for each in gaps.resources().items()),
            ],
        ),
        "outputs.tf": _text(
            "The outputs of the data stack, under the same names; `settings` is what the functions and their policies need.",
            [block(f'output "{name}"', body) for name, body in _outputs().items()],
        ),
    }
    placed: dict[str, list[str]] = {name: [] for name in _FILES}
    for name in RESOURCES:
        placed[_file_of(name)].extend(_resource(where, body) for where, body in resources.blocks_of(name))
    return made | {f"{name}.tf": _text(_FILES[name][0], blocks) for name, blocks in placed.items()}


def _text(title: str, blocks: Iterable[str]) -> str:
    return f"# {title}\n{_GENERATED}\n" + "\n".join(blocks)


def _file_of(name: str) -> str:
    """By its type, or by its service where no file is for the type alone."""
    kind = RESOURCES[name]["Type"].removeprefix("AWS::")
    if name.startswith("Backfill"):
        return "backfill"
    if name.startswith("Processes"):
        return "processes"
    if name.endswith(OF_LANE):
        return "lanes"
    for prefix in (kind, kind.partition("::")[0]):
        for file, (_, kinds) in _FILES.items():
            if prefix in kinds:
                return file
    raise ValueError(f"{name} has no file: add AWS::{kind} to _FILES")


def _resource(where: str, body: Block) -> str:
    *data, kind, name = where.split(".")
    if where in _SKIPPED:
        body = Block(
            {COMMENTS: [f"checkov:skip={check}:{why}" for check, why in _SKIPPED[where].items()], **body}
        )
    return block(f'{"data" if data else "resource"} "{kind}" "{name}"', body)


def _variables() -> list[str]:
    made = {snake_case(name): variables.variable(name) for name in PARAMETERS} | {
        "backfill": _BACKFILL,
        "lanes": _LANES,
    }
    return [block(f'variable "{name}"', body) for name, body in made.items()]


def _locals() -> list[str]:
    here = {
        "account": Expr("data.aws_caller_identity.current.account_id"),
        "partition": Expr("data.aws_partition.current.partition"),
        "region": Expr("data.aws_region.current.name"),
        "database": Expr('join("_", split("-", "froe-${var.stage}"))'),
    }
    values: dict[str, Any] = {**here, **variables.conditions(), "backfill_definition": backfill.DEFINITION}
    sources = ("aws_caller_identity", "aws_partition", "aws_region")
    return [
        *(block(f'data "{source}" "current"', {}) for source in sources),
        block("locals", values),
        block('resource "terraform_data" "rules"', variables.rules()),
    ]


def _outputs() -> dict[str, Block]:
    return variables.outputs() | {"backfill": backfill.output(), "processes_role": processes.output()}


def write(folder: Path = FOLDER) -> None:
    """All files of the module, and no other."""
    folder.mkdir(exist_ok=True)
    made = files()
    for path in folder.glob("*.tf"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    assert set(TYPES) >= {resource["Type"] for resource in RESOURCES.values()}
    write()
