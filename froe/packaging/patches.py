"""Which of Chalice's methods are replaced, and whether the installed Chalice has them."""

import inspect
from collections.abc import Mapping
from typing import Any, Final

import chalice
from chalice.deploy.deployer import PolicyGenerator
from chalice.deploy.packager import DependencyBuilder, LambdaDeploymentPackager, PipRunner
from chalice.package import (
    SAMTemplateGenerator,
    TemplateGenerator,
    TerraformCodeLocationPostProcessor,
    TerraformGenerator,
)

from froe.packaging.packager import builder_patches, packager_patches
from froe.packaging.templates import (
    cloudformation_patches,
    location_patches,
    policy_patches,
    terraform_patches,
)

EXPECTED: Final[Mapping[type, Mapping[str, tuple[str, ...]]]] = {
    LambdaDeploymentPackager: {
        "_get_requirements_filename": ("self", "project_dir"),
        "deployment_package_filename": ("self", "project_dir", "python_version"),
        "create_deployment_package": ("self", "project_dir", "python_version"),
        "_architecture_suffix": ("self",),
        "_build_python_dependencies": (
            "self",
            "python_version",
            "requirements_filepath",
            "site_packages_dir",
        ),
    },
    DependencyBuilder: {
        "_download_dependencies": ("self", "abi", "directory", "requirements_filename"),
        "_get_pip_platforms": ("self", "abi"),
    },
    PipRunner: {"_execute": ("self", "command", "args", "env_vars", "shim")},
    PolicyGenerator: {"handle_filebasediampolicy": ("self", "config", "resource")},
    TemplateGenerator: {"dispatch": ("self", "resource", "template")},
    SAMTemplateGenerator: {
        "generate": ("self", "resources"),
        "_generate_s3bucketnotification": ("self", "resource", "template"),
    },
    TerraformGenerator: {"generate": ("self", "resources")},
    TerraformCodeLocationPostProcessor: {
        "process": ("self", "template", "config", "outdir", "chalice_stage_name")
    },
}


def misfit(expected: Mapping[type, Mapping[str, tuple[str, ...]]] = EXPECTED) -> str | None:
    """Which method this Chalice lacks, with the remedy, in one sentence; None if it has all."""
    for owner, methods in expected.items():
        for name, parameters in methods.items():
            method = getattr(owner, name, None)
            if method is None or tuple(inspect.signature(method).parameters) != parameters:
                return (
                    f"Chalice {chalice.__version__} has no {owner.__name__}.{name}({', '.join(parameters)}), which "
                    "packages the functions: install the chalice that requirements-dev.txt pins."
                )
    return None


def install() -> None:
    """Replace them in the Chalice of this process."""
    _patch(LambdaDeploymentPackager, packager_patches())
    _patch(DependencyBuilder, builder_patches())
    _patch(PolicyGenerator, policy_patches(PolicyGenerator))
    _patch(SAMTemplateGenerator, cloudformation_patches(SAMTemplateGenerator))
    _patch(TerraformGenerator, terraform_patches(TerraformGenerator))
    _patch(TerraformCodeLocationPostProcessor, location_patches(TerraformCodeLocationPostProcessor))


def _patch(owner: type, replacements: Mapping[str, Any]) -> None:
    for name, replacement in replacements.items():
        setattr(owner, name, replacement)
