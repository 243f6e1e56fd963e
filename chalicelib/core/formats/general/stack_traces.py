"""What programs write to their standard error when they fail: stack traces that stand by themselves.

An entry is a whole trace, causes and goroutines included; whether a line begins one may depend on the line
said before it. What is no trace is prose: a record of plain text, or of what explains it by itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats import Format
from chalicelib.core.formats.reasons import OTHER_SHAPE
from chalicelib.core.formats.traces import add_exception
from chalicelib.core.framing import Framing
from chalicelib.core.records import Record, Reject

if TYPE_CHECKING:
    from chalicelib.core.formats import Parse, ParseContext
    from chalicelib.core.records import Value

_PHP: Final = re.compile(r"(?:PHP )?(Fatal error): ")
_FATAL: Final = 21

_CONTINUES: Final = (
    r"\s|$"
    r"|(?:Caused by|Suppressed|Wrapped by): |\.\.\. [0-9]{1,9} (?:more|common)"
    r"|During handling of the above exception|The above exception was the direct cause"
    r"|Stack trace:\r?$|#[0-9]{1,4} (?:\{main\}|\[internal|[^ \n(]{1,300}\()"
    r"|goroutine [0-9]{1,19} [^\n]{0,20}\[|\[signal SIG|exit status [0-9]|runtime stack:|goroutine running on"
    r"|\.\.\.additional frames elided"
    r"|\^+\r?$|[\]})]++[,;]?\r?$|Node\.js v[0-9]"
    r"|stack backtrace:\r?$|note: (?:run with|[Ss]ome details are omitted)"
)
"""Lines that never begin an entry."""
_END: Final = r"\r?\n"
_GAP: Final = rf"{_END}(?:{_END})?"
_JOINS: Final = "|".join(
    (
        # Python: what names the exception stands behind its frames, and a cause before them.
        rf" {{2,64}}(?!at |thrown |from )[^ \n][^\n]*+\n(?=[\w.]{{0,200}}[A-Z.])[A-Za-z_][\w.]{{0,200}}(?::[ \r\n]|{_END}|\r?\Z)",
        rf"(?:During handling of the above|The above exception was)[^\n]*+\n{_END}Traceback ",
        # Node: the place, its source line, a caret, and behind a blank line the error.
        rf"(?:/|file://|node:|[A-Za-z]:\\)[^\n]{{0,500}}?:[0-9]{{1,7}}{_END}[^\s]",
        rf"[ \t]{{0,256}}\^+{_GAP}[^\s]",
        # Go: a function and its place in turn.
        r"(?:goroutine [0-9][^\n]*+|runtime stack:\r?|\t[^\n]{1,500}:[0-9]{1,7}(?: \+0x[0-9a-f]{1,16})?\r?)"
        r"\n(?:created by |[^\s(]{1,500}\()",
        # Ruby 2.5 to 2.7, old .NET, chained PHP, Rust
        r"[ \t]{1,16}[0-9]{1,5}: from [^\n]*+\n[^\s]",
        rf"Unhandled [Ee]xception:{_GAP}[^\s]",
        rf"#[0-9]{{1,4}} \{{main\}}{_GAP}Next ",
        r"thread '[^'\n]{1,200}' (?:\([0-9]{1,19}\) )?panicked at [^\n'\",]++\n[^\s]",
    )
)
_FRAMES: Final = (
    r"[ \t]++(?:at (?:[\w.$<>/@\[\]`~-]++ ?)++\(|at [^\s()]{1,500}:[0-9]|File \"[^\"\n]{1,500}\", line [0-9])"
    r"|\tfrom [^\s:]{1,500}:[0-9]{1,7}:in |#0 [^\n]{1,500}|goroutine [0-9]{1,19} \["
)
_STARTS: Final = (
    r"Traceback \(most recent call last\):|Exception in thread \"|Unhandled exception\. |panic: |fatal error: "
    r"|thread '[^'\n]{1,200}' (?:\([0-9]{1,19}\) )?panicked at |(?:PHP )?Fatal error:  ?Uncaught "
    r"|[^\s:]{1,300}\.rb:[0-9]{1,7}:in [`']|(?:[A-Za-z_$][\w$]{0,100}[.\\]){0,20}[A-Z]\w{0,100}(?:Error|Exception): "
    r"|(?:/|file://|node:)[^\s:]{1,500}:[0-9]{1,7}$"
)


def _make_parser(_context: ParseContext) -> Parse:
    def parse(entry: str) -> Record | Reject:
        if "\n" not in entry:
            return OTHER_SHAPE
        fields: dict[str, Value] = {}
        add_exception(fields, entry)
        if not fields:
            return OTHER_SHAPE
        word, number = None, None
        if php := _PHP.match(entry):
            word, number = php[1], _FATAL
        return Record(None, None, word, number, entry, fields)

    return parse


STACK_TRACE: Final = Format(
    name="stack_trace",
    title="Standard error of programs: stack traces by themselves, among plain text",
    source="https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-logs/",
    samples=(
        'Exception in thread "main" java.lang.IllegalStateException: no stock\n'
        "\tat org.example.Shop.sell(Shop.java:17)\nCaused by: java.io.IOException: reset\n\t... 1 more",
        "Traceback (most recent call last):\n"
        '  File "/srv/pay.py", line 42, in send\n    raise PayError("no money")\nshop.PayError: no money',
        "/srv/pay.js:42\n  throw new Error('no money');\n  ^\n\nError: no money\n    at send (/srv/pay.js:42:7)\n\nNode.js v20.11.1",
        "panic: no money\n\ngoroutine 1 [running]:\nmain.main()\n\t/srv/pay.go:42 +0x1d\nexit status 2",
        "/srv/pay.rb:42:in `send': no money (Shop::PayError)\n\tfrom /srv/shop.rb:7:in `sell'",
        "Unhandled exception. System.InvalidOperationException: no money\n   at Shop.Pay.Send() in /srv/Pay.cs:line 42",
        "PHP Fatal error:  Uncaught RuntimeException: no money in /srv/pay.php:42\n"
        "Stack trace:\n#0 /srv/shop.php(7): pay()\n#1 {main}\n  thrown in /srv/pay.php on line 42",
    ),
    make_parser=_make_parser,
    specificity=0.2,
    framing=Framing(entry_start=rf"(?!{_CONTINUES})", joins=_JOINS, over_blanks=True),
    sieve=f"{_FRAMES}|{_STARTS}",
    whole=True,
    prose=True,
)

FORMATS: Final = (STACK_TRACE,)
