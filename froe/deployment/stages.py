"""A stage as the checkout says it: its part of .chalice/config.json, and infra/parameters/STAGE.json.

Promise: a file is replaced whole or not at all. Limits: one writer at a time.
"""

import copy
import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chalicelib.core.plan.keys import KeyPatterns
from chalicelib.core.plan.lanes import DEFAULT, lane_of, queue_of, worker_of
from chalicelib.core.plan.layouts import Layout
from chalicelib.settings import (
    INGEST_WAYS,
    LAYOUTS,
    TUNING_DEFAULTS,
    SettingsError,
    afterwards_of,
    input_keys,
    lanes_of,
    other_inputs,
)
from froe.deployment.fitting import (
    CONCURRENCY,
    TIMEOUT_SECONDS,
    Fit,
    fitted,
    table_units,
    units_per_batch,
    visibility_of,
    workers_fed,
)
from froe.errors import FroeError
from froe.lanes import Seconds
from froe.policies import Others, file_name
from froe.resources import FUNCTIONS, LOCAL_STAGE, Report

CONFIG: Final = Path(".chalice", "config.json")
PATTERN_STAGE: Final = "dev"
"""A new stage begins as a copy of this one."""
DIRECT: Final = "direct"
OF_ONE_STAGE: Final = frozenset(
    {"AccessLogsBucket", "ExistingInputBucket", "ReplicaBucketArn", "ReplicaKeyArn"}
)
"""Parameters that a copy of a stage's does not take over: two stages would read or fill the same bucket."""
QUEUES: Final[Mapping[str, str]] = {
    "queued_splitter": "SPLIT_QUEUE",
    "worker": "BATCH_QUEUE",
    "dead_letter_consumer": "DEAD_LETTER_QUEUE",
}
"""Function → the setting whose queue it is fed from."""
VISIBILITIES_OF: Final[Mapping[str, str]] = {
    "queued_splitter": "SplitVisibilitySeconds",
    "worker": "BatchVisibilitySeconds",
    "dead_letter_consumer": "DeadLetterVisibilitySeconds",
}
"""Function → the parameter of the data template that says how long its queue hides a message."""
_OF_PROCESSES: Final = ("LANES", "INPUT_KEYS", "INPUT_BUCKETS", "EVENTS")
_CHALICE_TIMEOUT_SECONDS: Final = 60
"""https://aws.github.io/chalice/topics/configfile.html"""
_KMS_KEY: Final = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+")
_STAGE_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,15}")


@dataclass(frozen=True, slots=True)
class Stage:
    """`config`: all of .chalice/config.json; `parameters`: what infra/parameters/STAGE.json gives the templates."""

    name: str
    config: Mapping[str, Any]
    parameters: Mapping[str, str]

    @property
    def settings(self) -> Mapping[str, str]:
        """The environment variables that its functions get, as far as the file says."""
        own: Mapping[str, str] = self.config["stages"][self.name].get("environment_variables", {})
        return {**self.config.get("environment_variables", {}), **own}

    @property
    def ingest(self) -> str:
        """How objects are announced: `direct`, `queue`, `topic` or `eventbridge`."""
        return self.settings.get("INGEST") or self.parameters.get("Ingest") or DIRECT

    @property
    def given(self) -> Mapping[str, str]:
        """What the templates are given: the stage, its way in, what fits its functions, its parameters."""
        keys = self.input_keys
        patterns = {"KeysTaken": keys.taken_expression, "KeysLeftOut": keys.left_out_expression}
        ways = {"Stage": self.name, "Ingest": self.ingest}
        processes = {"ProcessesSettings": self.settings_of_processes}
        return {**self.timeouts, **patterns, **processes, **self.parameters, **self.beside, **ways}

    @property
    def settings_of_processes(self) -> str:
        """As JSON, the settings of the functions that the template of the processes does not name itself."""
        own = {
            name: value
            for name, value in self.settings.items()
            if name in TUNING_DEFAULTS or name in _OF_PROCESSES
        }
        return json.dumps(own, sort_keys=True)

    @property
    def beside(self) -> Mapping[str, str]:
        """The parameter of the templates that names the other input buckets."""
        return {"OtherInputBuckets": ",".join(self.others.buckets)}

    @property
    def others(self) -> Others:
        """What is read beside the input bucket. FroeError where the setting is wrong."""
        try:
            return others_of(self.settings)
        except SettingsError as error:
            raise FroeError(f"The stage {self.name} in {CONFIG}: {error}.") from error

    @property
    def timeouts(self) -> Mapping[str, str]:
        """Parameters of the templates: the timeouts of the functions, and how long their queues hide a message."""
        seconds = {function: self.timeout_seconds(function) for function in FUNCTIONS}
        of_functions = {
            f"{function.title().replace('_', '')}TimeoutSeconds": str(each)
            for function, each in seconds.items()
        }
        hidden = {
            parameter: str(visibility_of(seconds[function]))
            for function, parameter in VISIBILITIES_OF.items()
        }
        return of_functions | hidden

    def timeout_seconds(self, function: str) -> int:
        """What the configuration says; else what a worker needs, or Chalice's own for the others."""
        lane = lane_of(function)
        if lane is not None:
            return self.fit_of(lane).timeout_seconds
        return int(self.option(function, "lambda_timeout") or _CHALICE_TIMEOUT_SECONDS)

    @property
    def lanes(self) -> tuple[str, ...]:
        """Those beside the default one. FroeError where the setting is wrong."""
        try:
            return lanes_of(self.settings)
        except SettingsError as error:
            raise FroeError(f"The stage {self.name} in {CONFIG}: {error}.") from error

    def lane_seconds(self, given: Mapping[str, str]) -> dict[str, Seconds]:
        """Lane beside the default one → the timeout of its worker, and how long its queue hides a message: what `given`
        says of the default one, or what fits."""
        timeouts = {lane: self.timeout_seconds(worker_of(lane)) for lane in self.lanes}
        chosen = given.get(VISIBILITIES_OF["worker"])
        return {
            lane: Seconds(timeout, int(chosen) if chosen else visibility_of(timeout))
            for lane, timeout in timeouts.items()
        }

    @property
    def fit(self) -> Fit:
        """That of the default lane's workers."""
        return self.fit_of(DEFAULT)

    def fit_of(self, lane: str) -> Fit:
        """What fits the workers of a lane to the records table, which those of all lanes share. FroeError for an option or
        a setting out of its range."""
        if self.name == LOCAL_STAGE:
            own = self.option(worker_of(lane), "lambda_timeout")
            timeout = own or self.option("worker", "lambda_timeout") or TIMEOUT_SECONDS[0]
            return fitted(table_units({}), self.units_per_batch, timeout_seconds=timeout)
        workers = self.workers
        return fitted(
            table_units(self.parameters),
            self.units_per_batch,
            timeout_seconds=self.whole(worker_of(lane), "lambda_timeout", (1, TIMEOUT_SECONDS[1])),
            maximum_concurrency=workers[lane],
            others=sum(workers.values()) - workers[lane],
        )

    @property
    def workers(self) -> Mapping[str, int]:
        """Lane → how many workers its queue may feed at once: what the configuration says, or an equal share."""
        lanes = (DEFAULT, *self.lanes)
        share = workers_fed(table_units(self.parameters), len(lanes))
        return {
            lane: self.whole(worker_of(lane), "maximum_concurrency", CONCURRENCY) or share for lane in lanes
        }

    @property
    def layout(self) -> Layout:
        """Of files that are opened from now on, where no `[[bind]]` says another."""
        name = self.parameters.get("RecordsLayout") or self.settings.get("RECORDS_LAYOUT")
        return Layout(name) if name in LAYOUTS else Layout.ITEMS

    @property
    def units_per_batch(self) -> int:
        """Write units of a full batch of a file that is opened from now on."""
        try:
            return units_per_batch(self.layout, self.settings)
        except SettingsError as error:
            raise FroeError(f"The stage {self.name} in {CONFIG}: {error}.") from error

    @property
    def input_keys(self) -> KeyPatterns:
        """Which keys of the input bucket are logs. FroeError where the setting is wrong."""
        try:
            return input_keys(self.settings)
        except SettingsError as error:
            raise FroeError(f"The stage {self.name} in {CONFIG}: {error}.") from error

    @property
    def functions(self) -> tuple[str, ...]:
        """Those that the stage deploys: no splitter where a queue announces objects, a worker for each lane."""
        return tuple(each for each in self.known_functions if each != "splitter" or self.ingest == DIRECT)

    @property
    def known_functions(self) -> tuple[str, ...]:
        """Those that the stage deploys or has deployed in another way in."""
        return (*FUNCTIONS, *map(worker_of, self.lanes))

    @property
    def queues(self) -> Mapping[str, str]:
        """Function → the URL of the queue that it is fed from, empty where no setting says so yet."""
        urls = {function: self.settings.get(setting, "") for function, setting in QUEUES.items()}
        of_lanes = {worker_of(lane): queue_of(lane, urls["worker"]) for lane in self.lanes if urls["worker"]}
        return urls | of_lanes

    def function_name(self, function: str) -> str:
        """What Lambda calls it."""
        return f"froe-{self.name}" if function == "api_handler" else f"froe-{self.name}-{function}"

    def role_name(self, function: str) -> str:
        """What Chalice calls the role of a function with a policy of its own."""
        return f"froe-{self.name}-{function}"

    def option(self, function: str, name: str) -> Any:
        """An option of a function, in Chalice's order: stage's function, stage, function, all; None if nowhere."""
        own = self.config["stages"][self.name]
        places = (
            own.get("lambda_functions", {}).get(function, {}),
            own,
            self.config.get("lambda_functions", {}).get(function, {}),
            self.config,
        )
        return next((place[name] for place in places if place.get(name) is not None), None)

    @property
    def lanes_without_function(self) -> tuple[str, ...]:
        """Lanes of whose worker .chalice/config.json has nothing, though Chalice has to know its policy."""
        own = self.config["stages"][self.name].get("lambda_functions", {})
        return tuple(each for each in self.lanes if not own.get(worker_of(each), {}).get("iam_policy_file"))

    def whole(self, function: str, name: str, reach: tuple[int, int]) -> int | None:
        """An option that is a whole number; FroeError where it is another or beyond its reach."""
        value = self.option(function, name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not reach[0] <= value <= reach[1]:
            raise FroeError(
                f"{name} of {function} in stage {self.name} is {value!r}: "
                f"set it to a whole number from {reach[0]} to {reach[1]}, or take it out."
            )
        return value

    def flag(self, function: str, name: str, *, default: bool) -> bool:
        """An option that is true or false; FroeError where it is anything else."""
        value = self.option(function, name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise FroeError(
                f"{name} of {function} in stage {self.name} is {value!r}: set it to true or false, or take it out."
            )
        return value


def others_of(settings: Mapping[str, str]) -> Others:
    """By the settings INPUT_BUCKETS, INPUT_KMS_KEYS and SETTLED_OBJECTS. SettingsError."""
    keys = tuple(filter(None, (each.strip() for each in settings.get("INPUT_KMS_KEYS", "").split(","))))
    for each in keys:
        if not _KMS_KEY.fullmatch(each):
            raise SettingsError(
                f"INPUT_KMS_KEYS is {settings['INPUT_KMS_KEYS']!r}: give ARNs of KMS keys (arn:aws:kms:…:key/…) "
                "with commas between them"
            )
    return Others(tuple(other_inputs(settings)), keys, afterwards_of(settings).action, lanes_of(settings))


def read_stage(name: str, root: Path) -> Stage | None:
    """The stage; None if .chalice/config.json has none of that name. FroeError where a file is wrong."""
    if not _STAGE_NAME.fullmatch(name):
        raise FroeError(
            f"{name!r} cannot be a stage: take 1 to 16 lower-case letters, digits and hyphens, a letter first."
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
    report(f"The stage {name} is new: it begins as a copy of {PATTERN_STAGE}")
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
        f"Copied {parameters_file(PATTERN_STAGE)} to {parameters_file(name)}, which bounds what the stage may cost and keep: "
        "look through it"
    )
    left = sorted(parameters.keys() & OF_ONE_STAGE)
    if left:
        report(f"Left out of it what belongs to {PATTERN_STAGE} alone: {', '.join(left)}")


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
                "say the same in both, or take it out of the parameters."
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
