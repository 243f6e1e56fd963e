"""What attributes each format has, and their types, as its golden lines show: `make golden` writes it for the Parquet
sink, and the columns of the sink's table into infra/data.json. Names without a dot come from the data of a log and are
declared by no format.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from chalicelib.core.formats.registry import NAMES
from chalicelib.core.records import columns, parquet

GOLDEN = Path(__file__).parent / "golden" / "formats"
TARGET = Path(parquet.__file__).with_name("declared.json")
TEMPLATE = Path(__file__).parents[1] / "infra" / "data.json"
FORMATS_MIN: Final = 5
"""What fewer formats declare has no column of its own in the table of the catalog."""
_COLUMNS = re.compile(r'( *)"Columns": \[[^]]*\]')
OF_ATHENA = {
    columns.INTEGER: "bigint",
    columns.NUMBER: "double",
    columns.BOOLEAN: "boolean",
    columns.TEXT: "string",
    columns.MOMENT: "timestamp",
    columns.BYTES: "binary",
}
_TYPES = {"int": columns.INTEGER, "float": columns.NUMBER, "bool": columns.BOOLEAN, "str": columns.TEXT}


def declared() -> dict[str, Any]:
    """Attribute → type, the one that most formats give it; format → attributes."""
    seen: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for path in sorted(GOLDEN.glob("*.jsonl")):
        plan, *entries = (json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line)
        for entry in entries:
            for attribute, value in entry.get("attributes", {}).items():
                if "." in attribute and type(value).__name__ in _TYPES:
                    seen[attribute][_TYPES[type(value).__name__]].add(entry.get("format", plan["format"]))
    names = set(NAMES)
    formats: dict[str, list[str]] = {name: [] for name in sorted(names)}
    types = {}
    for attribute, kinds in sorted(seen.items()):
        types[attribute] = _type_of({kind: len(lines) for kind, lines in kinds.items()})
        for name in sorted(names & set().union(*kinds.values())):
            formats[name].append(attribute)
    return {"types": types, "formats": {name: lines for name, lines in formats.items() if lines}}


def _type_of(counted: dict[str, int]) -> str:
    if set(counted) == {columns.INTEGER, columns.NUMBER}:
        return columns.NUMBER
    return max(Counter(counted).items(), key=lambda each: (each[1], each[0] == columns.TEXT))[0]


def columns_of_the_table(declared_types: Mapping[str, Any]) -> dict[str, str]:
    """Column → type in Athena. found: what `declared` gives."""
    counted = Counter(attribute for each in declared_types["formats"].values() for attribute in each)
    common = {name: declared_types["types"][name] for name in sorted(counted) if counted[name] >= FORMATS_MIN}
    types = {**columns.STORED, **columns.Declared(common).types, columns.REST: columns.TEXT}
    return {name: OF_ATHENA[kind] for name, kind in types.items()}


def template_with(table_columns: Mapping[str, str]) -> str:
    """infra/data.json with these columns in the table of the catalog."""

    def written(match: re.Match[str]) -> str:
        pad = match[1]
        lines = [f'{pad}  {{"Name": "{name}", "Type": "{kind}"}}' for name, kind in table_columns.items()]
        return f'{pad}"Columns": [\n' + ",\n".join(lines) + f"\n{pad}]"

    made, replaced = _COLUMNS.subn(written, TEMPLATE.read_text(encoding="utf-8"))
    assert replaced == 1
    return made


def text() -> str:
    return json.dumps(declared(), separators=(",", ":"), sort_keys=True) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
    TEMPLATE.write_text(template_with(columns_of_the_table(declared())), encoding="utf-8")
