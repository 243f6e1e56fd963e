"""A stage as the checkout says it: its part of .chalice/config.json, and infra/parameters/STAGE.json.

Limits: `stage_files` reads and writes these.
"""

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
from froe.policies import Others
from froe.resources import FUNCTIONS, LOCAL_STAGE

CONFIG: Final = Path(".chalice", "config.json")
DIRECT: Final = "direct"
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
                f"set it to a whole number from {reach[0]} to {reach[1]}, or remove it."
            )
        return value

    def flag(self, function: str, name: str, *, default: bool) -> bool:
        """An option that is true or false; FroeError where it is anything else."""
        value = self.option(function, name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise FroeError(
                f"{name} of {function} in stage {self.name} is {value!r}: set it to true or false, or remove it."
            )
        return value


def others_of(settings: Mapping[str, str]) -> Others:
    """By the settings INPUT_BUCKETS, INPUT_KMS_KEYS and SETTLED_OBJECTS. SettingsError."""
    keys = tuple(filter(None, (each.strip() for each in settings.get("INPUT_KMS_KEYS", "").split(","))))
    for each in keys:
        if not _KMS_KEY.fullmatch(each):
            raise SettingsError(
                f"INPUT_KMS_KEYS is {settings['INPUT_KMS_KEYS']!r}: give ARNs of KMS keys (arn:aws:kms:…:key/…) "
                "separated by commas"
            )
    return Others(tuple(other_inputs(settings)), keys, afterwards_of(settings).action, lanes_of(settings))
