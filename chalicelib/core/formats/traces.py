"""Stack traces under a message: exception.type, exception.message and exception.stacktrace.

Read as Java (with Caused by and Suppressed), Python, Ruby, Go, .NET, Node and PHP write them. The type is
that of the exception that the trace is about: the first for those whose causes follow, the last for Python.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_PYTHON: Final = "Traceback (most recent call last):"
_PYTHON_END: Final = re.compile(r"([A-Za-z_][\w.]{0,200})(?=: |:?(?:\n|$))")
_GO: Final = re.compile(r"(?:^|\n)(panic|fatal error): ([^\n]*+)")
_GO_ROUTINE: Final = re.compile(r"(?:^|\n)goroutine [0-9]{1,19} \[")
_PHP_TRACE: Final = re.compile(r"(?:^|\n)(?:\[stacktrace\]|Stack trace:)\n")
_PHP_TYPE: Final = re.compile(
    r"(?:Uncaught (?:exception ')?|\[object\] \(|exception ')([\w\\]{1,200})(?:\(code: [^)\n]{0,40}\))?+'?(?: with message|:) ?"
    r"([^\n]*?)(?= in /| at /|\)\n|\n|$)"
)
_FRAME: Final = re.compile(r"\n[ \t]++(?:at [^\s]|--- End of |\.\.\. [0-9])")
_HEAD: Final = re.compile(
    r"(?:^|[\n\t ])(?:Unhandled exception\. |Uncaught |UnhandledPromiseRejectionWarning: |Exception in thread \"[^\"\n]{0,200}\" )?"
    r"((?:[A-Za-z_$][\w$]{0,100}[./\\]){0,20}[A-Za-z_$][\w$]{0,100})(?: \[[\w.]{1,100}\])?(?:(:)(?= )|(?=:?\n|$))"
)
_RUBY_FRAME: Final = re.compile(r"\n[ \t]*+(?:from )?[^\s:]{1,300}:[0-9]{1,7}:in [`']")
_RUBY_OLD: Final = re.compile(
    r"(?:^|\n)Traceback \(most recent call last\):(?:\n[ \t]++[0-9]{1,5}: from [^\n]*+)++"
)
_RUST: Final = re.compile(
    r"(?:^|\n)thread '[^'\n]{1,200}' (?:\([0-9]{1,19}\) )?panicked at (?:'([^\n]*)', [^\n']*|[^\n']{1,500}:\n([^\n]*+))"
)
_RUBY_HEAD: Final = re.compile(
    r"(?:^|\n)([^\n]*?) ?\(([A-Z][\w:]{1,200})\)(?=\n|$)|(?:^|\n)([A-Z][\w:]{1,200}) \(([^\n]*)\):?(?=\n|$)"
)
_TYPE_WORD: Final = re.compile(
    r"(?:Exception|Error|Throwable|Fault|Failure|Timeout|Interrupt|Death|Panic|Warning|Exit)$|[.\\][A-Z]"
)
_HEAD_WINDOW: Final = 4096


def add_exception(fields: dict[str, Value], text: str) -> None:
    """Types the trace in a message of several lines, where there is one."""
    if old := _RUBY_OLD.search(text):
        _add_ruby(fields, text, old.end(), old=True)
    elif _PYTHON in text:
        _add_python(fields, text)
    elif _PHP_TRACE.search(text):
        _add_php(fields, text)
    elif rust := _RUST.search(text):
        _add(fields, "panic", rust[1] or rust[2], text[rust.start() :].lstrip("\n"))
    elif frame := _FRAME.search(text):
        _add_headed(fields, text, frame.start())
    elif (panic := _GO.search(text)) and _GO_ROUTINE.search(text):
        _add(fields, panic[1], panic[2], text[panic.start() :].lstrip("\n"))
    elif routine := _GO_ROUTINE.search(text):
        fields["exception.stacktrace"] = text[routine.start() :].lstrip("\n")
    elif frame := _RUBY_FRAME.search(text):
        _add_ruby(fields, text, frame.start())


def _add(fields: dict[str, Value], kind: str, message: str | None, trace: str) -> None:
    fields["exception.type"] = kind
    if message:
        fields["exception.message"] = message
    fields["exception.stacktrace"] = trace


def _add_python(fields: dict[str, Value], text: str) -> None:
    """The first line behind the last frame that is not indented names the exception."""
    trace = text[text.find(_PYTHON) :]
    frames = trace.rfind(' File "')
    position = trace.find("\n", max(frames, trace.rfind(_PYTHON)))
    while position >= 0:
        match = _PYTHON_END.match(trace, position + 1)
        if match is not None:
            message = trace[match.end() + 2 :].rstrip() if trace.startswith(": ", match.end()) else None
            _add(fields, match[1], message, trace)
            return
        position = trace.find("\n", position + 1)
    fields["exception.stacktrace"] = trace


def _add_php(fields: dict[str, Value], text: str) -> None:
    match = _PHP_TYPE.search(text)
    if match is None:
        fields["exception.stacktrace"] = text
        return
    _add(fields, match[1], match[2], text[match.start(1) :])


def _add_headed(fields: dict[str, Value], text: str, frame: int) -> None:
    """Java, .NET and Node: `type: message` stands right before the frames, the message in several lines
    at most."""
    for match in _HEAD.finditer(text, max(0, frame - _HEAD_WINDOW), frame):
        if _TYPE_WORD.search(match[1]):
            message = text[match.end() + 1 : frame] if match[2] is not None else ""
            _add(fields, match[1], message.partition("\n ---> ")[0], text[match.start(1) :])
            return
    fields["exception.stacktrace"] = text[frame + 1 :]


def _add_ruby(fields: dict[str, Value], text: str, frame: int, *, old: bool = False) -> None:
    """old: as Ruby 2.5 to 2.7 write it, the frames first."""
    match = _RUBY_HEAD.search(text, *((frame,) if old else (max(0, frame - _HEAD_WINDOW // 4), frame)))
    if match is None:
        fields["exception.stacktrace"] = text[frame + 1 :]
    elif match[2]:
        trace = text if old else text[match.start() :].lstrip("\n ")
        _add(fields, match[2], match[1].rpartition("': ")[2], trace)
    else:
        _add(fields, match[3], match[4], text[match.start() :].lstrip("\n"))
