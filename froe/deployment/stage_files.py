"""The files of a checkout that say what a stage is: .chalice/config.json and infra/parameters/STAGE.json.

Promise: a file is replaced whole or not at all. Limits: one writer at a time.
"""

import copy
import difflib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from chalicelib.core.plan.lanes import worker_of
from chalicelib.settings import INGEST_WAYS
from froe.deployment.stages import CONFIG, DIRECT, Stage
from froe.errors import FroeError
from froe.policies import file_name
from froe.resources import Report

PATTERN_STAGE: Final = "dev"
"""A new stage begins as a copy of this one."""
OF_ONE_STAGE: Final = frozenset(
    {"AccessLogsBucket", "ExistingInputBucket", "ReplicaBucketArn", "ReplicaKeyArn"}
)
"""Parameters that a copy of a stage's does not take over: two stages would read or fill the same bucket."""
_STAGE_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,15}")


def read_stage(name: str, root: Path) -> Stage | None:
    """The stage; None if .chalice/config.json has none of that name. FroeError where a file is wrong."""
    if not _STAGE_NAME.fullmatch(name):
        raise FroeError(
            f"{name!r} cannot be a stage: use 1 to 16 lower-case letters, digits and hyphens, a letter first."
        )
    config = _read(root / CONFIG)
    if name not in config.get("stages", {}):
        return None
    return _consistent(Stage(name, config, read_parameters(name, root)))


def unknown_stage(name: str, root: Path) -> str:
    """One sentence on a stage that there is none of, with those there are and the one that may be meant."""
    known = sorted(_read(root / CONFIG).get("stages", {}))
    near = difflib.get_close_matches(name, [*known, *_with_parameters(root)], 1, cutoff=0.6)
    hint = f" Did you mean {near[0]}?" if near and near[0] != name else ""
    return f"There is no stage {name} yet; there are {', '.join(known)}.{hint}"


def _with_parameters(root: Path) -> list[str]:
    return [path.stem for path in (root / "infra" / "parameters").glob("*.json")]


def new_stage(name: str, root: Path, report: Report = lambda _: None) -> Stage:
    """A stage that is like `dev`, without its settings; its parameters are written, where it has none of its own, and
    nothing else yet."""
    config = _read(root / CONFIG)
    if PATTERN_STAGE not in config.get("stages", {}):
        raise FroeError(
            f"{CONFIG} has neither the stage {name} nor {PATTERN_STAGE} to make it from: add one."
        )
    pattern = copy.deepcopy(config["stages"][PATTERN_STAGE])
    settings = pattern.pop("environment_variables", {})
    renamed = json.loads(json.dumps(pattern).replace(f"policy-{PATTERN_STAGE}-", f"policy-{name}-"))
    config["stages"][name] = renamed
    report(f"The stage {name} is new: it starts as a copy of {PATTERN_STAGE}")
    if not (root / parameters_file(name)).exists():
        _copy_parameters(name, settings, root, report)
    parameters = read_parameters(name, root)
    if "Ingest" in parameters:
        renamed["environment_variables"] = {"INGEST": parameters["Ingest"]}
    return _consistent(Stage(name, config, parameters))


def _copy_parameters(name: str, settings: Mapping[str, str], root: Path, report: Report) -> None:
    """Those of `dev` with its way in, but for what only one stage can have."""
    parameters = read_parameters(PATTERN_STAGE, root)
    if not parameters:
        return
    copied = {key: value for key, value in parameters.items() if key not in OF_ONE_STAGE}
    copied |= {"Stage": name, "Ingest": settings.get("INGEST") or parameters.get("Ingest", DIRECT)}
    replace(root / parameters_file(name), json.dumps({"Parameters": copied}, indent=2) + "\n")
    report(
        f"Copied {parameters_file(PATTERN_STAGE)} to {parameters_file(name)}, which limits what the stage may cost and keep: "
        "review it"
    )
    left = sorted(parameters.keys() & OF_ONE_STAGE)
    if left:
        report(f"Omitted what belongs to {PATTERN_STAGE} only: {', '.join(left)}")


def with_workers(stage: Stage) -> Stage:
    """The stage with a place in the configuration for the worker of each lane: at first as large as the default one."""
    config = copy.deepcopy(dict(stage.config))
    functions = config["stages"][stage.name].setdefault("lambda_functions", {})
    for worker in map(worker_of, stage.lanes_without_function):
        memory = stage.option("worker", "lambda_memory_size")
        functions[worker] = {
            **({} if memory is None else {"lambda_memory_size": memory}),
            **functions.get(worker, {}),
            "iam_policy_file": file_name(stage.name, worker),
        }
    return Stage(stage.name, config, stage.parameters)


def with_settings(stage: Stage, settings: Mapping[str, str]) -> Stage:
    """The stage with these settings on top of those it has."""
    config = copy.deepcopy(dict(stage.config))
    config["stages"][stage.name].setdefault("environment_variables", {}).update(settings)
    return Stage(stage.name, config, stage.parameters)


def without_settings(stage: Stage, names: set[str]) -> Stage:
    """The stage without these settings."""
    config = copy.deepcopy(dict(stage.config))
    variables = config["stages"][stage.name].get("environment_variables", {})
    config["stages"][stage.name]["environment_variables"] = {
        name: value for name, value in variables.items() if name not in names
    }
    return Stage(stage.name, config, stage.parameters)


def write_stage(stage: Stage, root: Path) -> None:
    """Put the configuration into .chalice/config.json."""
    replace(root / CONFIG, json.dumps(stage.config, indent=2) + "\n")


def parameters_file(stage: str) -> Path:
    """Where the stage's parameters of the templates are, in a checkout."""
    return Path("infra", "parameters", f"{stage}.json")


def read_parameters(stage: str, root: Path) -> dict[str, str]:
    """`{"Parameters": {name: value}}`; nothing where there is no file. FroeError if it is something else."""
    path = root / parameters_file(stage)
    if not path.exists():
        return {}
    given = _read(path).get("Parameters")
    if not isinstance(given, dict) or not all(isinstance(value, str | int) for value in given.values()):
        raise FroeError(
            f'{parameters_file(stage)} has to read {{"Parameters": {{"Name": "value"}}}}: fix it.'
        )
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()
    }


def replace(path: Path, text: str) -> None:
    """Write a file so that whoever reads it sees the old or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _consistent(stage: Stage) -> Stage:
    """FroeError where the configuration and the parameters contradict each other, or name no way in."""
    if stage.ingest not in INGEST_WAYS:
        raise FroeError(
            f"INGEST of stage {stage.name} in {CONFIG} is {stage.ingest!r}: "
            f"set it to one of {', '.join(INGEST_WAYS)}."
        )
    _ = stage.input_keys, stage.others, stage.lanes
    for parameter, value in (("Stage", stage.name), ("Ingest", stage.ingest)):
        chosen = stage.parameters.get(parameter, value)
        if chosen != value:
            raise FroeError(
                f"{parameters_file(stage.name)} gives {parameter} = {chosen!r}, but {CONFIG} says {value!r}: "
                "use the same value in both, or remove it from the parameters."
            )
    return stage


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FroeError(
            f"{path.name} cannot be read ({error.strerror}): run froe in a project folder (`froe init DIR` makes one) or a checkout."
        ) from error
    except ValueError as error:
        raise FroeError(f"{path} is not JSON ({error}): fix it and run again.") from error
    if not isinstance(content, dict):
        raise FroeError(f"{path} has to hold one JSON object: fix it and run again.")
    return content
