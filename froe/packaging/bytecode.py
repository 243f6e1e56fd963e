"""Bytecode beside each module of the package, so that no cold start compiles.

Promise: the same sources give the same bytes. Bytecode is never compared with its source, which does not change in a package
(https://peps.python.org/pep-0552/, unchecked hashes). Limits: only the Python version that made it reads it; another one
compiles as if it did not exist.
"""

import importlib.util
import marshal
import sys
import warnings
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

_UNCHECKED_HASH: Final = (0b01).to_bytes(4, "little")
_MARSHAL_VERSION: Final = 2
"""Later ones write down which objects happened to be shared, which differs from run to run."""


def compiled(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The bytecode of every module among the files, path in the package → content; none of what does not compile."""
    made = {}
    for path, content in files.items():
        if not path.endswith(".py"):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                code = compile(content, path, "exec", dont_inherit=True, optimize=0)
        except (SyntaxError, ValueError):
            continue
        head = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(content)
        made[_cached(path)] = head + marshal.dumps(code, _MARSHAL_VERSION)
    return made


def _cached(path: str) -> str:
    module = PurePosixPath(path)
    return str(module.parent / "__pycache__" / f"{module.stem}.{sys.implementation.cache_tag}.pyc")
