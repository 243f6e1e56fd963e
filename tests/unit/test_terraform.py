"""infra/terraform is what the templates make of it; what they say of a resource and nobody translates is an error."""

from __future__ import annotations

from typing import Any

import pytest

from froe.resources import read_template
from froe.terraform import module, resources, variables
from froe.terraform.hcl import COMMENTS, WHEN, Block, Call, Expr, block
from froe.terraform.values import RESOURCES


def test_the_files_are_current() -> None:
    stored = {path.name: path.read_text(encoding="utf-8") for path in module.FOLDER.glob("*.tf")}
    made = module.files()
    assert sorted(stored) == sorted(made), "run `make terraform`"
    assert [name for name in made if stored[name] != made[name]] == [], "run `make terraform`"


def test_the_settings_are_those_of_the_functions() -> None:
    """And the key, which their policies name."""
    assert set(variables.outputs()["settings"]["value"]) == {*read_template().settings.values(), "KEY_ARN"}


@pytest.mark.parametrize(
    ("name", "property_name"),
    [("SplitQueue", "DelaySeconds"), ("RecordsTable", "TableClass"), ("WorkerLogs", "LogGroupClass")],
)
def test_a_property_that_is_not_translated_is_an_error(
    monkeypatch: pytest.MonkeyPatch, name: str, property_name: str
) -> None:
    resource = RESOURCES[name]
    changed = resource | {"Properties": resource["Properties"] | {property_name: "of another kind"}}
    monkeypatch.setitem(RESOURCES, name, changed)
    with pytest.raises(AssertionError, match=property_name):
        list(resources.blocks_of(name))


def test_what_checkov_is_not_to_look_at_is_there() -> None:
    assert set(module._SKIPPED) <= set(resources.resources())


BODY: dict[str, Any] = {
    COMMENTS: ["checkov:skip=CKV_1:why"],
    "name": "froe-${var.stage}",
    "count": Expr("local.is ? 1 : 0"),
    "threshold": 1.0,
    "policy": Call("jsonencode", [{"kind": ["a"], "a b": True}]),
    "rule": [Block(days=3), Block({WHEN: "archives", "days": 4, "filter": [Block()]})],
    "depends_on": [Expr("aws_s3_bucket.a")],
}


def test_a_block_is_laid_out_as_terraform_does_it() -> None:
    assert block('resource "aws_thing" "one"', BODY) == (
        'resource "aws_thing" "one" {\n'
        "  #checkov:skip=CKV_1:why\n"
        "  count = local.is ? 1 : 0\n"
        "\n"
        '  name      = "froe-${var.stage}"\n'
        "  threshold = 1\n"
        "  policy = jsonencode({\n"
        '    kind  = ["a"]\n'
        '    "a b" = true\n'
        "  })\n"
        "\n"
        "  rule {\n"
        "    days = 3\n"
        "  }\n"
        "\n"
        '  dynamic "rule" {\n'
        "    for_each = local.archives ? [1] : []\n"
        "    content {\n"
        "      days = 4\n"
        "\n"
        "      filter {}\n"
        "    }\n"
        "  }\n"
        "\n"
        "  depends_on = [aws_s3_bucket.a]\n"
        "}\n"
    )
