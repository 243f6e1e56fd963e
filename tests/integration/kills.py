"""Kills deployed functions with SIGKILL at a chosen effect, without a hook in what is deployed.

A function's configuration is changed as a monitoring layer changes it: its handler becomes that of
`killing/deadly.py`, which is found through PYTHONPATH and calls the one before. The functions of the local
stack are processes of this machine: plans and notes are files of a folder that both see.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from froe.local import LocalStack

Holds: TypeAlias = Mapping[str, Sequence[str]]
"""Names of effects, each with the names of those that it waits for."""

NO_HOLDS: Final[Holds] = {}
PREFIX = "froe-local-"
KILLING = Path(__file__).with_name("killing")


@dataclass(frozen=True, slots=True)
class Kill:
    """function: as in app.py. effect: its name, as `Effect` has it. when: `before` or `after` it.

    The first process that comes so far is killed.
    """

    function: str
    effect: str
    when: str

    def __str__(self) -> str:
        return f"{self.function} {self.when} {self.effect}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to happen to one file."""

    kill: Kill | None
    holds: Holds


class Effect(NamedTuple):
    """A change of the outside, such as `UpdateItem split#000001 sealed`, and the function that made it."""

    function: str
    name: str


class Killer:
    """Stands in the way of the functions it is given, and touches only files that have a plan."""

    def __init__(self, stack: LocalStack, folder: Path, functions: Sequence[str]) -> None:
        self._folder = folder
        client = stack.client("lambda")
        for function in functions:
            configuration = client.get_function_configuration(FunctionName=PREFIX + function)
            variables = configuration["Environment"]["Variables"] | {
                "PYTHONPATH": str(KILLING),
                "DEADLY_FOLDER": str(folder),
                "DEADLY_HANDLER": configuration["Handler"],
            }
            client.update_function_configuration(
                FunctionName=PREFIX + function,
                Handler="deadly.handler",
                Environment={"Variables": variables},
            )
        for function in functions:
            client.get_waiter("function_updated_v2").wait(
                FunctionName=PREFIX + function, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300}
            )

    def plan(self, file_id: str, plan: Plan) -> None:
        """To be said before the file is announced."""
        (self._folder / f"{file_id}.log").touch()
        (self._folder / f"{file_id}.json").write_text(json.dumps(asdict(plan)))

    def effects(self, file_id: str) -> list[Effect]:
        """What was begun for the file, once each, in the order of their first time."""
        lines = (self._folder / f"{file_id}.log").read_text().splitlines()
        lines_read = [json.loads(line) for line in lines]
        return list(
            dict.fromkeys(
                Effect(line["function"], line["effect"]) for line in lines_read if line["phase"] == "begun"
            )
        )

    def has_killed(self, file_id: str) -> bool:
        return (self._folder / f"{file_id}.killed").exists()
