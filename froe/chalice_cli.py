"""What Froe adds to Chalice's command line; app.py installs it only when that command line loads it.

Promise: mappings of queues and streams are complete and never made twice (`mappings.py`); a deploy without its
settings, or with a Chalice whose internals differ from those below, stops with one sentence.
Limits: written for the Chalice pinned in requirements-dev.txt; never imported in Lambda.
"""

import inspect
import os
import platform
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import chalice
import click
from chalice.awsclient import TypedAWSClient
from chalice.config import Config
from chalice.local import LocalGateway

from chalicelib.configuration import FILE_SETTING, read_config
from chalicelib.core.custom.config_errors import ConfigError
from chalicelib.core.custom.spec import KEY_SETTING
from chalicelib.settings import TUNING_DEFAULTS, Settings, SettingsError, lanes_of
from froe import function_options, mappings, packaging, policies
from froe.deployment.stage_files import read_parameters
from froe.deployment.stages import Stage, others_of
from froe.errors import FroeError
from froe.function_options import FunctionOptions
from froe.lanes import unfit_lanes
from froe.local import gateway
from froe.resources import LOCAL_STAGE, read_template

TUNING_SETTINGS = (
    *TUNING_DEFAULTS,
    "INGEST",
    "LANES",
    "INPUT_KEYS",
    "INPUT_BUCKETS",
    "INPUT_KMS_KEYS",
    "SETTLED_OBJECTS",
    "TRACING",
    "HOT_CALLS",
    "EVENTS",
    "KEY_ARN",
    "AWS_XRAY_SDK_ENABLED",
    "AWS_XRAY_DAEMON_ADDRESS",
    "AWS_ENDPOINT_URL_XRAY",
    FILE_SETTING,
    KEY_SETTING,
)
PACKAGING_COMMAND = "package"
LOCAL_COMMAND = "local"
DEPLOYING_COMMANDS = {"deploy", PACKAGING_COMMAND, "plan"}

EXPECTED_METHODS: Mapping[str, tuple[str, ...]] = {
    "_client": ("self", "service_name"),
    "_update_function_code": ("self", "function_name", "zip_contents", "architecture"),
    "_wait_for_active": ("self", "function_name"),
    "_wait_for_function_update": ("self", "function_name"),
    "update_api_from_swagger": ("self", "rest_api_id", "swagger_document"),
    "create_lambda_event_source": (
        "self",
        "event_source_arn",
        "function_name",
        "batch_size",
        "starting_position",
        "maximum_batching_window_in_seconds",
        "maximum_concurrency",
    ),
    "update_lambda_event_source": (
        "self",
        "event_uuid",
        "batch_size",
        "maximum_batching_window_in_seconds",
        "maximum_concurrency",
    ),
}
EXPECTED_PROPERTIES = ("environment_variables", "lambda_architecture")


def install() -> None:
    """Close the gaps in the Chalice of this process, once. Raises click.ClickException when that is no use."""
    problem = misfit(TypedAWSClient, Config) or packaging.misfit()
    if problem:
        raise click.ClickException(problem)
    context = click.get_current_context(silent=True)
    stage = context.params.get("stage") if context else None
    if not getattr(TypedAWSClient, "_froe_installed", False):
        options = {}
        if context and stage:
            disk, project = context.obj["factory"].load_project_config(), Path(context.obj["project_dir"])
            options = dict(options_of(disk, stage, project))
        _patch(TypedAWSClient, client_patches(TypedAWSClient, options, local=stage == LOCAL_STAGE))
        _patch(Config, config_patches(Config))
        packaging.install()
        if context and context.info_name == LOCAL_COMMAND:
            _patch(LocalGateway, gateway.patches())
        _patch(TypedAWSClient, {"_froe_installed": True})
    if context is not None and stage is not None and context.info_name in DEPLOYING_COMMANDS:
        disk = context.obj["factory"].load_project_config()
        settings = Config(chalice_stage=stage, config_from_disk=disk).environment_variables
        if context.info_name == PACKAGING_COMMAND:
            settings |= packaging.mark(read_template().required_settings)
        problem = missing_settings(stage, settings) or bad_config(settings)
        if problem:
            raise click.ClickException(problem)
        if context.info_name == PACKAGING_COMMAND:
            return  # policies and settings are references in its template
        write_policies(stage, settings, Path(context.obj["project_dir"]))


def write_policies(stage: str, settings: Mapping[str, str], project: Path) -> None:
    """Make the policy files that Chalice is about to read, from infra/policies and what the settings name.

    Where they do not name the stage's key, those that `froe deploy` wrote are left as they are."""
    key = {name: os.environ[name] for name in ("KEY_ARN",) if stage == LOCAL_STAGE and name in os.environ}
    values = policies.values_of(stage, {**settings, **key})
    try:
        if not policies.lacks_key(values, project):
            policies.write(stage, values, project, others_of(settings))
            return
    except FroeError as error:
        raise click.ClickException(str(error)) from error
    missing = policies.absent(stage, project, others_of(settings))
    if missing:
        raise click.ClickException(
            f"The stage {stage} has no {missing[0]} in .chalice: `froe deploy --stage {stage}` writes the "
            "policies and deploys."
        )


def misfit(client_class: type, config_class: type) -> str | None:
    """Why this Chalice is not the one that the patches fit, in one sentence; None if it is."""
    for name, expected in EXPECTED_METHODS.items():
        method = getattr(client_class, name, None)
        if method is None or tuple(inspect.signature(method).parameters) != expected:
            return _misfit(f"{client_class.__name__}.{name}({', '.join(expected)})")
    for name in EXPECTED_PROPERTIES:
        if not isinstance(inspect.getattr_static(config_class, name, None), property):
            return _misfit(f"the property {config_class.__name__}.{name}")
    return None


def _misfit(what: str) -> str:
    return (
        f"Chalice {chalice.__version__} has no {what}, without which failed messages would be deleted: "
        "install the chalice that requirements-dev.txt pins."
    )


def missing_settings(stage: str, settings: Mapping[str, str]) -> str | None:
    """Which settings a deploy of `stage` lacks or has wrong, with the remedy, in one sentence; None if none."""
    try:
        required = read_template().required_settings
    except FroeError as error:
        return str(error)
    lacking = [name for name in required if not settings.get(name)]
    if stage == LOCAL_STAGE and not os.environ.get("AWS_ENDPOINT_URL"):
        lacking.append("AWS_ENDPOINT_URL")
    if not lacking:
        try:
            Settings.from_environment(settings)
        except SettingsError as error:
            return f"stage {stage}: {error}"
        return None
    remedy = (
        "start `froe up` and source the environment file that it prints"
        if stage == LOCAL_STAGE
        else f"`froe deploy --stage {stage}` makes the resources, writes their names to .chalice/config.json and deploys"
    )
    return f"The stage {stage} has no {', '.join(lacking)}: {remedy}."


def bad_config(settings: Mapping[str, str]) -> str | None:
    """What is wrong with the configuration file that would be deployed, with the remedy; None if nothing is."""
    try:
        config = read_config(environment=settings)
        lanes = lanes_of(settings)
    except (ConfigError, SettingsError) as error:
        return str(error)
    return unfit_lanes(config, lanes)


def options_of(config: Mapping[str, Any], stage: str, project: Path) -> Mapping[str, FunctionOptions]:
    """What the configuration and the parameters of the stage say beyond Chalice, by function; nothing where the
    configuration does not have the stage."""
    if stage not in config.get("stages", {}):
        return {}
    return function_options.read_options(Stage(stage, config, read_parameters(stage, project)))


def client_patches(
    client_class: Any, options: Mapping[str, FunctionOptions], *, local: bool
) -> dict[str, Any]:
    """Replacements for methods of TypedAWSClient; `local` also suits it to the local AWS: short waits, no Swagger."""
    make_client: Callable[..., Any] = client_class._client  # noqa: SLF001 - misfit() has checked it
    create: Callable[..., str] = client_class.create_lambda_event_source
    update_code: Callable[..., Any] = client_class._update_function_code  # noqa: SLF001 - as above

    def _client(self: Any, service_name: str) -> Any:
        known = service_name in self._client_cache
        client = make_client(self, service_name)
        if service_name == "lambda" and not known:
            feeds = {
                name: mappings.Feed(each.maximum_concurrency, each.batch_size, each.mapping_enabled)
                for name, each in options.items()
            }
            mappings.complete(client, feeds)
            function_options.complete(client, options)
        if service_name == "s3" and not known:
            client.meta.events.register(
                "provide-client-params.s3.PutBucketNotificationConfiguration", _past_others_targets
            )
        return client

    def create_lambda_event_source(
        self: Any,
        event_source_arn: str,
        function_name: str,
        batch_size: int,
        starting_position: str | None = None,
        maximum_batching_window_in_seconds: int | None = 0,
        maximum_concurrency: int | None = None,
    ) -> str:
        client = self._client("lambda")
        uuid = mappings.existing(client, event_source_arn, function_name)
        if uuid is None:
            uuid = create(
                self,
                event_source_arn,
                function_name,
                batch_size,
                starting_position,
                maximum_batching_window_in_seconds,
                maximum_concurrency,
            )
        else:
            self.update_lambda_event_source(
                uuid, batch_size, maximum_batching_window_in_seconds, maximum_concurrency
            )
        mappings.verify(client, uuid)
        return uuid

    def _update_function_code(
        self: Any, function_name: str, zip_contents: bytes, architecture: str | None = None
    ) -> Any:
        """The same code again would only cost a cold start of every function."""
        configuration = self._client("lambda").get_function_configuration(FunctionName=function_name)
        if function_options.has_code(configuration, zip_contents, architecture):
            return configuration
        return update_code(self, function_name, zip_contents, architecture)

    def _wait_for_active(self: Any, function_name: str) -> None:
        _wait_quickly(self._client("lambda"), "function_active", function_name)

    def _wait_for_function_update(self: Any, function_name: str) -> None:
        _wait_quickly(self._client("lambda"), "function_updated", function_name)

    def update_api_from_swagger(self: Any, rest_api_id: str, swagger_document: dict[str, Any]) -> None:
        """ministack takes no Swagger; `chalice local` serves the routes there."""

    patches = {
        "_client": _client,
        "_update_function_code": _update_function_code,
        "create_lambda_event_source": create_lambda_event_source,
    }
    if local:
        patches |= {
            "update_api_from_swagger": update_api_from_swagger,
            "_wait_for_active": _wait_for_active,
            "_wait_for_function_update": _wait_for_function_update,
        }
    return patches


def _past_others_targets(params: dict[str, Any], **_: Any) -> None:
    """S3 looks at every target that a bucket notifies: one of somebody else's that is gone would keep ours out."""
    params["SkipDestinationValidation"] = True


def config_patches(config_class: type) -> dict[str, Any]:
    """Replacements for properties of Config: the stage `local` takes settings and CPU from this process."""
    environment: Callable[[Any], dict[str, str]] = inspect.getattr_static(
        config_class, "environment_variables"
    ).fget
    architecture: Callable[[Any], str] = inspect.getattr_static(config_class, "lambda_architecture").fget

    def environment_variables(self: Any) -> dict[str, str]:
        variables = dict(environment(self))
        if self.chalice_stage == LOCAL_STAGE:
            names = (*read_template().required_settings, *TUNING_SETTINGS)
            variables |= {name: os.environ[name] for name in names if name in os.environ}
        elif os.environ.get(KEY_SETTING):
            variables.setdefault(KEY_SETTING, os.environ[KEY_SETTING])  # a secret: in no file of the checkout
        return variables

    def lambda_architecture(self: Any) -> str:
        if self.chalice_stage == LOCAL_STAGE:
            return "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
        return architecture(self)

    return {
        "environment_variables": property(environment_variables),
        "lambda_architecture": property(lambda_architecture),
    }


def _wait_quickly(client: Any, condition: str, function_name: str) -> None:
    client.get_waiter(condition).wait(
        FunctionName=function_name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300}
    )


def _patch(owner: type, replacements: Mapping[str, Any]) -> None:
    for name, replacement in replacements.items():
        setattr(owner, name, replacement)
