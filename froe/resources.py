"""The settings of a stage from infra/data.json: the output `InputBucket` is the setting `INPUT_BUCKET`, and so on.

The template is the only list of names; exported outputs are for other stacks and not settings. Limits: knows no AWS;
froe/deployment makes the resources.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from froe.project import root_of
from froe.templates import read_body

LOCAL_STAGE = "local"
CHALICE = (
    sys.executable,
    "-c",
    "import sys; from chalice.cli import main; sys.argv[0] = 'chalice'; sys.exit(main())",
)
ROOT = root_of(Path.cwd())
"""The application that this command deploys and runs."""
FUNCTIONS = (
    "splitter",
    "queued_splitter",
    "worker",
    "dead_letter_consumer",
    "notifier",
    "sweeper",
    "api_handler",
    "authorizer",
)
"""The Lambda functions, as app.py and .chalice/config.json call them."""
TOKEN_SETTING = "API_TOKEN_SHA256"  # noqa: S105 - the name of a setting, not a secret

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Template:
    """infra/data.json: `body` is its text without its spaces, `settings` what its outputs are called as settings."""

    body: str
    settings: Mapping[str, str]

    @property
    def required_settings(self) -> tuple[str, ...]:
        """Every setting that a deployed function cannot do without."""
        return (*self.settings.values(), TOKEN_SETTING)


def read_template(root: Path = ROOT) -> Template:
    """The template of the checkout at `root`. Raises FroeError where there is none."""
    body = read_body(root / "infra" / "data.json").text
    content = json.loads(body)
    return Template(
        body=body,
        settings={
            output: setting_name(output)
            for output, value in content["Outputs"].items()
            if "Export" not in value
        },
    )


def setting_name(output: str) -> str:
    """`LedgerStreamArn` → `LEDGER_STREAM_ARN`."""
    return snake_case(output).upper()


def snake_case(name: str) -> str:
    """`BatchQueue` → `batch_queue`: what Terraform calls the resource of a logical id."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
