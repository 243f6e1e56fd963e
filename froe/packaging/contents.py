"""Which parts of the installed requirements go into the package.

Promise: only parts that no function can need are left out: descriptions of AWS services that are never called, type stubs,
tests, examples, compiled files, debugging information, metadata that nothing reads.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from froe.packaging.elf import without_sections

SERVICES: Final = frozenset({"athena", "dynamodb", "events", "s3", "sns", "sqs", "xray"})
"""The services that functions make clients of."""

_UNNEEDED: Final = re.compile(
    r"""
    (^|/)(__pycache__|tests?|examples|bin)/
    | \.(pyc|pyi|pyx|pxd|c|h)$ | (^|/)py\.typed$ | -stubs/
    | ^[^/]+\.data/                                # scripts of a command line
    | ^boto3/data/                                 # resources: only low-level clients are used
    | ^botocore/data/.+/examples-1\.json
    | ^botocore/data/dynamodb/2011-12-05/          # the version of the API before today's
    | ^dateutil/zoneinfo/                          # time zones by name
    | ^zstandard/(_cffi\.|backend_cffi\.py$)       # for Pythons other than CPython
    | ^isal/isa-l/                                # how it was built
    | ^charset_normalizer/(cli/|__main__\.py$)
    | ^urllib3/contrib/emscripten/
    | ^aws_xray_sdk/ext/[^/]+/                     # what records calls of frameworks and databases
    | ^aws_lambda_powertools/event_handler/
    | ^aws_lambda_powertools/utilities/(?!__init__\.py$|jmespath_utils/)
    """,
    re.VERBOSE,
)
_OF_A_SERVICE: Final = re.compile(r"^botocore/data/([^/]+)/")
_METADATA: Final = re.compile(r"^([^/]+\.dist-info)/(.+)$")
_LOOKED_UP: Final = ("METADATA", "entry_points.txt")
_PLUGINS: Final = re.compile(r"^\[(?!(console|gui)_scripts\])", re.MULTILINE)
_ENDPOINTS: Final = "botocore/data/endpoints.json"


def needed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What to package of `files`, path → content, paths with slashes; the contents of some become smaller."""
    return {path: _smaller(path, files[path]) for path in _needed_paths(files)}


def _needed_paths(files: Mapping[str, bytes]) -> Iterator[str]:
    plugins = {
        path.split("/")[0]
        for path, content in files.items()
        if path.endswith(".dist-info/entry_points.txt") and _PLUGINS.search(content.decode())
    }
    for path in files:
        service, metadata = _OF_A_SERVICE.match(path), _METADATA.match(path)
        if _UNNEEDED.search(path) or (service and service[1] not in SERVICES):
            continue
        if metadata and (metadata[1] not in plugins or metadata[2] not in _LOOKED_UP):
            continue
        yield path


def _smaller(path: str, content: bytes) -> bytes:
    if path == _ENDPOINTS:
        return _endpoints_of_used_services(content)
    return without_sections(content) if path.endswith(".so") or ".so." in path else content


def _endpoints_of_used_services(content: bytes) -> bytes:
    """botocore's list of endpoints, which every client reads whole; it derives those that are not in it."""
    endpoints: dict[str, Any] = json.loads(content)
    for partition in endpoints["partitions"]:
        partition["services"] = {
            name: service for name, service in partition["services"].items() if name in SERVICES
        }
    return json.dumps(endpoints, separators=(",", ":")).encode()
