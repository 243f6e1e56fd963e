"""Parameters, rules, conditions and outputs of the templates as variables, preconditions, local values and outputs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from froe.resources import setting_name, snake_case
from froe.terraform.hcl import Block, Expr, expression
from froe.terraform.values import (
    CONDITIONS,
    DATA,
    MAKES_BACKFILL,
    MAKES_PROCESSES,
    PARAMETERS,
    PROCESSES,
    decided,
    is_flag,
    is_number,
    value,
)

_LOOKAHEAD = re.compile(r"\(\?!(.*?)\)")


def sentence(text: str) -> str:
    """Parameters in `text` by the names of their variables."""
    for name in sorted(PARAMETERS, key=len, reverse=True):
        text = re.sub(rf"\b{name}\b", snake_case(name), text)
    return text


def variable(name: str) -> Block:
    parameter = PARAMETERS[name]
    flag = is_flag(parameter)
    default, kind = parameter["Default"], "number" if is_number(parameter) else "string"
    if flag:
        default, kind = default == "true", "bool"
    elif is_number(parameter):
        default = float(default)
    made = Block(
        description=sentence(parameter["Description"]), type=Expr(kind), default=default, nullable=False
    )
    if not flag:
        refused = f"{snake_case(name)} must be: {sentence(parameter['ConstraintDescription'])}."
        made["validation"] = [Block(condition=Expr(_allowed(name, parameter)), error_message=refused)]
    return made


def _allowed(name: str, parameter: Mapping[str, Any]) -> str:
    asked = f"var.{snake_case(name)}"
    if "AllowedValues" in parameter:
        quote = "{}" if parameter["Type"] == "Number" else '"{}"'
        return f"contains([{', '.join(quote.format(each) for each in parameter['AllowedValues'])}], {asked})"
    if "AllowedPattern" in parameter:
        return _matches(parameter["AllowedPattern"], asked)
    return f"{asked} >= {parameter['MinValue']} && {asked} <= {parameter['MaxValue']}"


def _matches(pattern: str, asked: str) -> str:
    """CloudFormation matches the whole value, Terraform looks for a part, and knows no `(?!…)`."""
    without = _LOOKAHEAD.search(pattern)
    whole = _LOOKAHEAD.sub("", pattern)
    anchored = whole if whole.startswith("^") else f"^{whole}$"
    made = f"can(regex({expression(anchored)}, {asked}))"
    return f"{made} && !can(regex({expression('^' + without[1])}, {asked}))" if without else made


def conditions() -> dict[str, Any]:
    """Local values: one for each condition, and the input bucket's name."""
    return {
        **{snake_case(name): Expr(decided(condition)) for name, condition in CONDITIONS.items()},
        snake_case(MAKES_BACKFILL): Expr("var.backfill"),
        snake_case(MAKES_PROCESSES): Expr('var.processes_image != ""'),
        "owns_notifications": Expr("local.bucket_sends || local.by_event_bridge"),
        "input_bucket": Expr(
            "local.creates_input_bucket ? aws_s3_bucket.input_bucket[0].bucket : var.existing_input_bucket"
        ),
    }


def rules() -> Block:
    """A resource that makes nothing and refuses what the rules refuse."""
    refusals = [
        Block(
            condition=Expr(f"{_otherwise(rule['RuleCondition'])} || {decided(assertion['Assert'])}"),
            error_message=f"{sentence(assertion['AssertDescription'])}.",
        )
        for rule in (*DATA["Rules"].values(), *PROCESSES["Rules"].values())
        for assertion in rule["Assertions"]
    ]
    for name, than in DATA["Metadata"]["Froe"]["LongerThan"].items():
        longer, shorter = f"var.{snake_case(name)}", f"var.{snake_case(than['Parameter'])}"
        condition = Expr(f"{longer} == 0 || {longer} > {shorter}")
        refusals.append(Block(condition=condition, error_message=f"{sentence(than['Description'])}."))
    return Block(lifecycle=[Block(precondition=refusals)])


def _otherwise(condition: Mapping[str, Any]) -> str:
    """Where a rule does not apply."""
    return decided(condition["Fn::Not"][0] if "Fn::Not" in condition else {"Fn::Not": [condition]})


def outputs() -> dict[str, Block]:
    """Each output of the data stack; and by their names the settings that the functions need, and their policies
    (the key)."""
    made, settings = {}, {}
    for name, output in DATA["Outputs"].items():
        actual = value(output["Value"])
        made[snake_case(name)] = Block(value=actual)
        if "Description" in output:
            made[snake_case(name)]["description"] = output["Description"]
        if "Export" not in output:
            settings[setting_name(name)] = actual
    settings["KEY_ARN"] = made["key_arn"]["value"]
    return {**made, "settings": Block(value=settings)}
