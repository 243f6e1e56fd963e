"""A project folder keeps a team's decisions, and its copy of the application follows the installed version."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

pytest.importorskip("click", reason="needs click: make setup")

from click.testing import CliRunner

from chalicelib.core.custom.compiled import config_of
from chalicelib.core.custom.loading import load
from froe import project
from froe.cli import main
from froe.packaging.packager import application_files

CONFIG = Path(".chalice", "config.json")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    project.create(folder)
    return folder


def test_init_writes_what_a_team_keeps_and_nothing_of_the_code(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["init", str(tmp_path / "logs")])
    assert result.exit_code == 0, result.output
    written = {path.relative_to(tmp_path / "logs").as_posix() for path in (tmp_path / "logs").rglob("*")}
    kept = {name for name in written if not name.startswith(".froe")}
    assert {
        "froe.toml",
        "README.md",
        ".gitignore",
        ".chalice/config.json",
        "infra/parameters/dev.json",
    } <= kept
    assert not any(name.endswith(".py") for name in kept)


def test_init_names_what_is_in_its_way_and_leaves_it(shop: Path) -> None:
    (shop / "froe.toml").write_text("# ours\n")
    result = CliRunner().invoke(main, ["init", str(shop)])
    assert result.exit_code == 1
    assert "name a new folder" in result.output
    assert (shop / "froe.toml").read_text() == "# ours\n"


def test_a_new_project_knows_no_settings_of_a_deployed_stage(shop: Path) -> None:
    stages = json.loads((shop / CONFIG).read_text())["stages"]
    assert set(stages) == {"local", "dev"}
    assert all("environment_variables" not in stage for stage in stages.values())


def test_the_application_of_a_project_has_the_projects_own_files_in_their_places(shop: Path) -> None:
    app = project.staged(shop)
    (shop / "froe.toml").write_text('[[redact]]\nname = "people"\nkinds = ["ip"]\n')
    packaged = application_files(app)
    assert (
        config_of(packaged["chalicelib/froe.json"], "").rules
        == load((shop / "froe.toml").read_text(), "froe.toml").rules
    )
    assert "chalicelib/froe.toml" not in packaged
    assert (app / CONFIG).resolve() == shop / CONFIG
    assert (app / "infra" / "data.json").is_file()
    assert (app / "infra" / "parameters" / "dev.json").resolve() == shop / "infra" / "parameters" / "dev.json"


def test_a_project_without_a_configuration_of_formats_packages_none(shop: Path) -> None:
    project.staged(shop)
    (shop / "froe.toml").unlink()
    assert (
        not {"chalicelib/froe.toml", "chalicelib/froe.json"} & application_files(project.staged(shop)).keys()
    )


def test_an_upgrade_replaces_the_code_and_keeps_what_is_the_teams(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = project.staged(shop)
    (app / "chalicelib" / "old.py").write_text("")
    config = json.loads((shop / CONFIG).read_text())
    del config["lambda_functions"]["sweeper"]
    config["lambda_functions"]["worker"]["lambda_memory_size"] = 3008
    (shop / CONFIG).write_text(json.dumps(config))
    monkeypatch.setattr(project, "_fingerprint", lambda: "another version")
    project.staged(shop)
    assert not (app / "chalicelib" / "old.py").exists()
    functions = json.loads((shop / CONFIG).read_text())["lambda_functions"]
    assert functions["worker"]["lambda_memory_size"] == 3008
    assert "sweeper" in functions


def test_what_runs_below_the_application_outlives_an_upgrade(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = project.staged(shop) / ".froe" / "8000"
    state.mkdir(parents=True)
    monkeypatch.setattr(project, "_fingerprint", lambda: "another version")
    project.staged(shop)
    assert state.is_dir()


def test_a_project_is_recognised_from_any_folder_in_it(shop: Path) -> None:
    inner = shop / "samples" / "today"
    inner.mkdir(parents=True)
    assert project.project_of(inner, {}) == shop
    assert project.project_of(shop.parent, {}) is None
    assert project.project_of(shop.parent, {"FROE_PROJECT": str(shop)}) == shop


def test_a_checkout_is_no_project(shop: Path) -> None:
    (shop / "app.py").write_text("")
    assert project.project_of(shop, {}) is None


def test_an_installed_froe_outside_any_project_works_in_the_users_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = project.source()
    monkeypatch.setattr(project, "source", lambda: checkout)
    monkeypatch.setattr(project, "_CHECKOUT", tmp_path / "not there")
    root = project.root_of(tmp_path, {"XDG_DATA_HOME": str(tmp_path / "data")})
    assert root == tmp_path / "data" / "froe" / ".froe" / "app"
    assert (root / "app.py").is_file()


def test_commands_take_the_configuration_of_the_project_they_run_in(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop / "froe.toml").write_text(
        '[[format]]\nname = "till"\ngrok = "%{WORD:till} %{NUMBER:amount:float}"\nsamples = ["till7 12.50"]\n'
    )
    monkeypatch.chdir(shop)
    result = CliRunner().invoke(main, ["formats", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)[0]["name"] == "till"


def test_a_fault_in_the_configuration_of_a_project_names_the_projects_file(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop / "froe.toml").write_text("[[format]]\n")
    monkeypatch.chdir(shop)
    result = CliRunner().invoke(main, ["formats"])
    assert result.exit_code == 2
    assert os.fspath(shop / "froe.toml") in result.output
    assert ".froe" not in result.output


def test_init_of_the_folder_that_one_is_in_names_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["init", "."])
    assert result.exit_code == 0, result.output
    assert "Next: `froe demo` here" in result.output
