"""The policy files of a stage in .chalice, one a function, as its configuration names them.

A stage that has none of its own gets those of the stage it was made from, naming its own resources.
"""

from pathlib import Path

from froe.deployment.stages import FUNCTIONS, PATTERN_STAGE, Stage, replace
from froe.errors import FroeError


def write_policies(stage: Stage, root: Path) -> None:
    """Write what is missing. FroeError where there is nothing to make it from."""
    for function in FUNCTIONS:
        path = policy_path(stage, function, root)
        if path.exists():
            continue
        pattern = path.with_name(path.name.replace(f"policy-{stage.name}-", f"policy-{PATTERN_STAGE}-"))
        try:
            text = pattern.read_text(encoding="utf-8")
        except OSError as error:
            raise FroeError(
                f"{path.name} is missing in .chalice and {pattern.name} cannot be read: restore them."
            ) from error
        replace(path, text.replace(f"froe-{PATTERN_STAGE}", f"froe-{stage.name}"))


def policy_path(stage: Stage, function: str, root: Path) -> Path:
    """Where the policy of a function is, or will be."""
    name = stage.option(function, "iam_policy_file")
    if not name:
        raise FroeError(f"The function {function} of stage {stage.name} has no iam_policy_file: give it one.")
    return root / ".chalice" / str(name)
