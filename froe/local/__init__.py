"""The local AWS and the pipeline on it: `LocalStack` runs one, `live_stacks` finds those that run."""

from froe.local.info import LiveStack, StackInfo, live_stacks
from froe.local.stack import LocalStack

__all__ = ["LiveStack", "LocalStack", "StackInfo", "live_stacks"]
