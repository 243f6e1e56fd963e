"""How Chalice's own template generators are completed: `chalice package` makes a stage whole."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from froe.errors import FroeError
from froe.packaging import cloudformation, terraform
from froe.packaging.references import Ground, read_ground

Generate = Callable[[Any, list[Any]], dict[str, Any]]


def cloudformation_patches(generator_class: Any) -> dict[str, Any]:
    """Replacements for methods of Chalice's SAMTemplateGenerator."""
    generate: Generate = generator_class.generate

    def _generate_s3bucketnotification(_: Any, __: Any, ___: dict[str, Any]) -> None:
        """Chalice refuses; the bucket is in the same template, which says whom it calls."""

    return {
        "generate": _completing(generate, cloudformation.whole),
        "_generate_s3bucketnotification": _generate_s3bucketnotification,
    }


def terraform_patches(generator_class: Any) -> dict[str, Any]:
    """Replacements for methods of Chalice's TerraformGenerator."""
    generate: Generate = generator_class.generate

    def _generate_loggroup(_: Any, __: Any, ___: dict[str, Any]) -> None:
        """Chalice refuses, for its own method has another name; infra/terraform makes the log groups."""

    return {"generate": _completing(generate, terraform.whole), "_generate_loggroup": _generate_loggroup}


def location_patches(processor_class: Any) -> dict[str, Any]:
    """Replacements for methods of Chalice's TerraformCodeLocationPostProcessor."""
    locate = processor_class.process

    def process(
        self: Any, template: dict[str, Any], config: Any, outdir: str, chalice_stage_name: str
    ) -> None:
        locate(self, template, config, outdir, chalice_stage_name)
        try:
            terraform.put_resources_beside(_ground(config), Path(outdir))
        except FroeError as error:
            raise click.ClickException(str(error)) from error

    return {"process": process}


def policy_patches(step_class: Any) -> dict[str, Any]:
    """Replacements for methods of Chalice's step that reads the files of policies."""
    read = step_class.handle_filebasediampolicy

    def handle_filebasediampolicy(self: Any, config: Any, resource: Any) -> None:
        context = click.get_current_context(silent=True)
        if context is not None and context.info_name == "package":
            resource.document = {"Version": "2012-10-17", "Statement": []}  # the generators fill it in
        else:
            read(self, config, resource)

    return {"handle_filebasediampolicy": handle_filebasediampolicy}


def _completing(generate: Generate, whole: Callable[[dict[str, Any], Ground], dict[str, Any]]) -> Generate:
    def completed(self: Any, resources: list[Any]) -> dict[str, Any]:
        try:
            return whole(generate(self, resources), _ground(self._config))
        except FroeError as error:
            raise click.ClickException(str(error)) from error

    return completed


def _ground(config: Any) -> Ground:
    return read_ground(config.chalice_stage, Path(config.project_dir))
