"""The page of parameters: what each template of infra/ accepts, generated from the templates.

python -m froe.parameters > docs/parameters.md
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from froe.deployment.stages import VISIBILITIES_OF
from froe.deployment.templates import BACKFILL, DATA, OBSERVABILITY, PROCESSES, load
from froe.resources import FUNCTIONS, ROOT

TITLES: Final[Mapping[str, str]] = {
    DATA: "Buckets, queues, tables, key and topic",
    OBSERVABILITY: "Logs, alarms and traces",
    BACKFILL: "Backfill",
    PROCESSES: "Processes",
}
PASSED: Final = (
    {"Stage", "Ingest", "OtherInputBuckets", "ProcessesSettings", "KeysTaken", "KeysLeftOut"}
    | {f"{function.title().replace('_', '')}TimeoutSeconds" for function in FUNCTIONS}
    | set(VISIBILITIES_OF.values())
)
"""What `froe deploy` takes from .chalice/config.json."""


def page(root: Path = ROOT) -> str:
    """The whole page, in Markdown; a template that is not there is left out."""
    return "\n".join(_lines(root)) + "\n"


def _lines(root: Path) -> Iterator[str]:
    yield "# Parameters"
    yield ""
    yield "This page is generated from the templates in `infra/` (`make docs`). `infra/parameters/STAGE.json` sets the values of a"
    yield "stage ([how](deployment.md#parameters)). `froe deploy` takes parameters marked † from `.chalice/config.json`."
    for name, title in TITLES.items():
        template = load(name, root, local=False)
        if template is None:
            continue
        yield from ("", f"## {title}", "", f"`infra/{name}.json`", "")
        yield "| parameter | default | accepts | meaning |"
        yield "|---|---|---|---|"
        yield from (_row(parameter, definition) for parameter, definition in template.parameters.items())


def _row(name: str, definition: Mapping[str, Any]) -> str:
    mark = " †" if name in PASSED else ""
    default = f"`{definition['Default']}`" if definition.get("Default", "") != "" else ""
    taken = str(definition.get("ConstraintDescription", definition["Type"]))
    return (
        f"| `{name}`{mark} | {default} | {_cell(taken)} | {_cell(str(definition.get('Description', '')))} |"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(page(), end="")
