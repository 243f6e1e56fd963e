"""The package for Lambda, and `chalice package` to CloudFormation and to Terraform, where Chalice leaves gaps.

Promise: the same tree and Python give the same zip, of requirements.lock alone, its hashes checked. Limits: loaded
only by Chalice's command line; written against the Chalice that requirements-dev.txt pins.
"""

from froe.packaging.patches import install, misfit
from froe.packaging.references import mark

__all__ = ["install", "mark", "misfit"]
