"""How the lines of an entry after its first look: indentation, stack traces, closing brackets, rulers.

The expressions are tried at the beginning of a line and take time linear in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_SURE: Final = (
    r"[ \t]*+(?:at [\w.$<>/@\[\]` ]{1,500}+\(|at [/\w][^\s]{0,500}?:[0-9]|File \"[^\"\n]{1,500}\", line [0-9]"
    r"|\.\.\. [0-9]+ (?:more|common)|(?:Caused by|Suppressed|Wrapped by): )"
    r"|Traceback \(most recent call last\)|During handling of the above|The above exception was|goroutine [0-9]+ \["
    r"|[\w./]{1,500}(?:\(\*\w{1,200}\)\.\w{1,200})?\((?:0x[0-9a-f]{1,16}\??|\.\.\.|[{}]|, )+\)$"
    r"|Exception in thread |(?:[\w$]+[.\\])*[A-Z][\w$]*(?:Error|Exception|Warning|Fault|Exit): "
)
"""Lines of stack traces, and of nothing else."""
_TRACES: Final = (
    r"Caused by:|Suppressed:|Traceback |\.\.\. [0-9]+ |--- |=== |During handling of|The above exception"
    r"|goroutine [0-9]|created by |panic:|exit status |at |[\w.$\\]+(?:Error|Exception|Warning|Fault|Exit)\b"
    r"|(?:SEVERE|WARNING|INFO|CONFIG|FINE(?:R|ST)?): |Processing by |Completed [1-5]|Rendered |Redirected to "
    r"|[^\s:]{1,300}:[0-9]{1,7}:in |\[stacktrace\]|Stack trace:"
    r"|(?:[a-z][\w$]*\.)+[A-Z][\w$]*(?::|$)|[\w./*()]+\([0-9a-fx, .{}]*\)$"
    r"|__?[A-Z][A-Z_]+=|(?:MESSAGE|PRIORITY|SYSLOG_[A-Z]+|CODE_[A-Z]+)="
)
CONTINUATION: Final = re.compile(rf"[ \t]|{_TRACES}|[\]}})]|\"\}}|[#*|>+-]")
"""A line below one that is explained."""

_SURELY_TRACE: Final = re.compile(_SURE)
_BY_ITSELF: Final = re.compile(
    r"[ \t]++(?:(?:raise|return|yield|await|assert|import)\b|(?![\w ,.'-]*+$))"
    rf"|[ \t]*+(?:{_TRACES}|[\]}})]++[,;]?+\s*+$|#[0-9]{{1,4}} |Error: |stack backtrace:|note: )"
    r"|thread '[^'\n]{1,200}' panicked at "
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")


def continues(entry: str, is_own: Callable[[str], object]) -> bool:
    """Whether an entry by itself looks like a later line of another: of a trace, or of what is
    indented and more than words.

    is_own: whether a line may be one of the format of the file. A line that may be, indented or not, is
    a broken one of it, unless it can be nothing but a stack trace; so is one that closes objects which
    it did not open; what holds control characters or is not UTF-8 is no text.
    """
    if _BY_ITSELF.match(entry) is None or _CONTROL.search(entry) is not None:
        return False
    if _SURELY_TRACE.match(entry) is not None:
        return True
    if entry.count("}") > entry.count("{") and '"' in entry:
        return False
    return not is_own(entry) and not is_own(entry.lstrip())


def is_surely_trace(line: str) -> bool:
    """Whether a line can only be part of a stack trace."""
    return _SURELY_TRACE.match(line) is not None
