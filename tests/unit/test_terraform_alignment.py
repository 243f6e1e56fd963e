"""infra/terraform makes what infra/data.json and infra/observability.json make: a change of one alone fails here.
The state machine of backfills has a file, and tests, of its own.

The templates are translated, property by property; a property that the translation does not know is an error.
"""

from __future__ import annotations

import pytest

from froe.resources import read_template
from tests.templates import INFRA
from tests.terraform import data, expected, variables
from tests.terraform.hcl import plain, read_module
from tests.terraform.values import CONDITIONS, PARAMETERS, RESOURCES, snake

MODULE = read_module(INFRA / "terraform")
VARIABLES = {snake(name): variables.variable(name) for name in PARAMETERS}
OUTPUTS = variables.outputs()
BEYOND = data.beyond_the_provider(RESOURCES)
# What Terraform needs to say what a template says without it.
OWN_VARIABLES = {"aws_cli", "backfill", "keys_left_out", "keys_taken"}
OWN_RESOURCES = {
    "terraform_data.rules",
    *(f"terraform_data.{name}" for name in BEYOND),
    "data.aws_caller_identity.current",
    "data.aws_partition.current",
    "data.aws_region.current",
}


def test_terraform_makes_nothing_else() -> None:
    beside = {name for name in MODULE.resources if "backfill" not in name}
    assert beside - set(expected.resources()) == OWN_RESOURCES


@pytest.mark.parametrize("name", RESOURCES)
def test_a_resource_is_the_same_in_both(name: str) -> None:
    for where, body in expected.blocks_of(name):
        assert where in MODULE.resources, f"infra/terraform lacks {where}"
        assert plain(MODULE.resources[where]) == plain(body), where


def test_what_the_provider_does_not_take_is_said_otherwise() -> None:
    assert {name: plain(MODULE.locals[name]) for name in BEYOND} == {
        name: plain(values) for name, values in BEYOND.items()
    }


def test_the_variables_are_the_parameters() -> None:
    assert set(MODULE.variables) - OWN_VARIABLES == set(VARIABLES)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_takes_what_its_parameter_takes(name: str) -> None:
    assert plain(MODULE.variables[name]) == plain(VARIABLES[name])


def test_the_rules_refuse_the_same() -> None:
    assert plain(MODULE.resources["terraform_data.rules"]) == plain(variables.rules())


@pytest.mark.parametrize("name", variables.conditions())
def test_the_same_decides_what_there_is(name: str) -> None:
    assert plain(MODULE.locals[name]) == plain(variables.conditions()[name])
    assert {snake(each) for each in CONDITIONS} <= set(variables.conditions())


def test_the_outputs_are_the_same() -> None:
    found = {name: body for name, body in MODULE.outputs.items() if name != "backfill"}
    assert plain(found) == plain(OUTPUTS)


def test_the_settings_are_those_of_the_functions() -> None:
    """And the key, which their policies name."""
    assert set(OUTPUTS["settings"]["value"]) == {*read_template().settings.values(), "KEY_ARN"}
