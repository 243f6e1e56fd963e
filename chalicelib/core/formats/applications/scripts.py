"""What Ruby, PHP, Go and Node programs write: Ruby's Logger, Rails, Monolog (Laravel), PHP, Go's log, Gin, Nest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.dates import ISO
from chalicelib.core.formats.json_text import flat_object
from chalicelib.core.formats.kinds import decimal, integer
from chalicelib.core.formats.logins import add_login
from chalicelib.core.formats.patterned import REST, patterned
from chalicelib.core.formats.starts import ANSI, CLOCK
from chalicelib.core.formats.times import MONTH
from chalicelib.core.records import Reject

if TYPE_CHECKING:
    from chalicelib.core.records import Value

_ADDRESS: Final = r"[0-9A-Fa-f.:]{3,45}"
_PROCESSING: Final = re.compile(r"\nProcessing by ([\w:]{1,200})#([\w?!]{1,100})(?: as ([^\s]{1,64}))?")
_COMPLETED: Final = re.compile(
    r"\nCompleted ([1-5][0-9]{2})[^\n]{0,64} in ([0-9.]{1,12})ms(?: \(([^)\n]{1,300})\))?"
)
_CONTEXTS_MAX: Final = 8


def _add_rails(fields: dict[str, Value], body: str) -> None:
    """What the lines of a request behind its first say."""
    add_login(fields, body)
    if match := _PROCESSING.search(body):
        fields["rails.controller"] = match[1]
        fields["rails.action"] = match[2]
        if match[3]:
            fields["rails.format"] = match[3]
    if match := _COMPLETED.search(body):
        fields["http.response.status_code"] = integer(match[1])
        fields["rails.duration_ms"] = decimal(match[2])
        if match[3]:
            fields["rails.timings"] = match[3]


def _without_context(fields: dict[str, Value], body: str) -> str:
    """Monolog's context and extra, JSON behind the message on its first line, as attributes."""
    line, end, rest = body.partition("\n")
    text = line.rstrip().removesuffix("[]").rstrip()
    text = text.removesuffix("[]").rstrip()
    position = -1
    for _ in range(_CONTEXTS_MAX):
        if text[-1:] not in ("}", "]"):
            break
        position = text.find("{", position + 1)
        if position < 0:
            break
        if position and text[position - 1] != " ":
            continue
        context = flat_object(text[position:])
        if isinstance(context, Reject):
            continue
        fields.update({f"context.{name}": value for name, value in context.items()})
        if "client.address" not in fields and isinstance(fields.get("context.ip"), str):
            fields["client.address"] = fields.pop("context.ip")
        text = text[:position].rstrip()
        break
    return text + end + rest


RUBY_LOGGER: Final = patterned(
    "ruby_logger",
    "Ruby's Logger",
    "https://docs.ruby-lang.org/en/3.3/Logger/Formatter.html",
    samples=(
        "I, [2024-03-14T09:26:53.123456 #819]  INFO -- : worker=0 ready",
        "E, [2024-03-14T09:26:54.123456 #819] ERROR -- shop: no money (Shop::PayError)\n/srv/pay.rb:42:in `send'\n/srv/shop.rb:7:in `sell'",
        "A, [2024-03-14T09:26:55 #819]   ANY -- shop: whatever",
    ),
    templates=(
        rf"[DIWEFAU], \[(?P<time>{ISO}) #(?P<pid>[0-9]{{1,10}})\] {{1,3}}(?P<level>DEBUG|INFO|WARN|ERROR|FATAL|ANY|UNKNOWN) -- (?P<program>[^:\n]{{0,200}}): ?{REST}",
    ),
    start=r"[DIWEFAU], \[[0-9]{4}-[0-9]{2}-[0-9]{2}T[^\s\]]{8,24} #[0-9]{1,10}\] ",
    specificity=0.96,
    names={"program": "service.name"},
    levels={"ANY": 9, "UNKNOWN": 9},
)
RAILS: Final = patterned(
    "rails",
    "Ruby on Rails requests",
    "https://guides.rubyonrails.org/debugging_rails_applications.html#the-logger",
    samples=(
        'Started GET "/shop?q=froe" for 192.0.2.17 at 2024-03-14 09:26:53 +0100\nProcessing by ShopController#index as HTML\n'
        '  Parameters: {"q"=>"froe"}\n  Rendered shop/index.html.erb (4.1ms)\n'
        "Completed 200 OK in 12ms (Views: 8.5ms | ActiveRecord: 1.2ms)",
        'Started POST "/pay" for 2001:db8::5 at 2024-03-14 09:26:54 +0100\nProcessing by PayController#create as JSON\nCompleted 500 Internal Server Error in 3ms\n'
        "  \nNoMethodError (undefined method `pay' for nil:NilClass):\n  app/controllers/pay_controller.rb:12:in `create'",
    ),
    templates=(
        r"(?:\[(?P<request>[\w-]{8,64})\] )?Started (?P<body>(?P<method>[A-Z]{3,10}) \"(?P<path>(?:[^\"?\n\\]|\\.){1,4000})(?:\?(?P<query>(?:[^\"\n\\]|\\.){0,4000}))?\") for (?P<client>[^\s]{1,64}) at "
        r"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4})(?=\n|$)",
    ),
    start=r"(?:\[[\w-]{8,64}\] )?Started [A-Z]{3,10} \"",
    specificity=0.96,
    names={"request": "http.request.header.x_request_id"},
    details=_add_rails,
)
MONOLOG: Final = patterned(
    "monolog",
    "Monolog: Laravel, Symfony, Magento",
    "https://seldaek.github.io/monolog/doc/message-structure.html",
    samples=(
        '[2024-03-14 09:26:53] local.ERROR: no money {"user_id":17,"ip":"192.0.2.17"} []',
        "[2024-03-14T09:26:54.123456+01:00] app.INFO: Matched route [] []",
        '[2024-03-14 09:26:55] local.ERROR: broken {"exception":"[object] (RuntimeException(code: 0): broken at /srv/pay.php:12)\n'
        '[stacktrace]\n#0 /srv/shop.php(7): pay()\n#1 {main}\n"} ',
    ),
    templates=(
        rf"\[(?P<time>{ISO})\] (?P<logger>[\w.-]{{1,100}})\.(?P<level>DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL|ALERT|EMERGENCY): {{0,2}}{REST}",
    ),
    start=r"\[[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][^\]\n]{8,24}\] [\w.-]{1,100}\.[A-Z]{4,9}: ",
    specificity=0.95,
    rewrite=_without_context,
)
PHP: Final = patterned(
    "php_error",
    "PHP's error log",
    "https://www.php.net/manual/en/errorfunc.configuration.php#ini.error-log",
    samples=(
        "[14-Mar-2024 09:26:53 UTC] PHP Warning:  Undefined variable $a in /srv/shop.php on line 7",
        "[14-Mar-2024 09:26:54 Europe/Berlin] PHP Fatal error:  Uncaught RuntimeException: no money in /srv/pay.php:42\n"
        "Stack trace:\n#0 /srv/shop.php(7): pay()\n#1 {main}\n  thrown in /srv/pay.php on line 42",
        "[14-Mar-2024 09:26:55 UTC] a message of the shop's own",
    ),
    templates=(
        rf"\[(?P<d>[0-9]{{2}})-(?P<mo>{MONTH})-(?P<y>[0-9]{{4}}) (?P<h>[0-9]{{2}}):(?P<mi>[0-9]{{2}}):(?P<s>[0-9]{{2}})(?:\.(?P<f>[0-9]{{1,9}}))? (?P<z>[A-Za-z_/+:0-9-]{{1,40}})\] "
        r"PHP (?P<level>[A-Z][A-Za-z]{3,20}(?: [a-z]{4,8})?): {1,2}(?P<body>[^\n]*?(?= in /)(?: in (?P<file>/[^\n]{1,500}?)(?: on line |:)(?P<line>[0-9]{1,7}))?|[^\n]*+)(?=\n|$)",
        rf"\[(?P<d>[0-9]{{2}})-(?P<mo>{MONTH})-(?P<y>[0-9]{{4}}) (?P<h>[0-9]{{2}}):(?P<mi>[0-9]{{2}}):(?P<s>[0-9]{{2}})(?:\.(?P<f>[0-9]{{1,9}}))? (?P<z>[A-Za-z_/+:0-9-]{{1,40}})\] {REST}",
    ),
    start=rf"\[[0-9]{{2}}-{MONTH}-[0-9]{{4}} {CLOCK}(?:\.[0-9]{{1,9}})? [A-Za-z][\w/+-]{{1,40}}\] ",
    specificity=0.94,
    levels={
        "Fatal error": 21,
        "Parse error": 17,
        "Deprecated": 13,
        "Recoverable fatal error": 17,
        "Strict Standards": 10,
        "Catchable fatal error": 17,
        "Core Error": 21,
    },
)
GO_LOG: Final = patterned(
    "go_log",
    "Go's log package with source lines; Gitea",
    "https://pkg.go.dev/log#pkg-constants",
    samples=(
        "2024/03/14 09:26:53 main.go:23: listening on :8080",
        "2024/03/14 09:26:54.123456 /srv/shop/pay.go:42: no money\npanic: runtime error: index out of range\n\n"
        "goroutine 1 [running]:\nmain.main()\n\t/srv/shop/pay.go:42 +0x1d",
        "2024/03/14 09:26:55 ...ers/web/auth/auth.go:217:SignInPost() [W] Failed authentication attempt for ada from 192.0.2.17:48560: unknown",
        "2024/03/14 09:26:56 /api/login: 403 192.0.2.17 <nil>",
        "[shop] 2024/03/14 09:26:57 main.go:24: stopping",
    ),
    templates=(
        r"(?:(?:\[(?P<prefix>[\w. -]{1,64})\]|(?P<label>[\w.-]{1,64}):) ?)?(?P<time>[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?) (?P<file>[\w./-]{1,300}\.(?:go|s)):(?P<line>[0-9]{1,7}):"
        rf"(?P<function>[\w.()*]{{1,200}}\(\))? (?:\[(?P<level>[TDIWECF])\] )?{REST}",
        r"(?P<time>[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}) (?P<body>(?P<path>/[^\s:]{0,1000}): (?P<status>[1-5][0-9]{2}) "
        rf"(?P<client>{_ADDRESS})(?: [^\n]*+)?)(?=\n|$)",
    ),
    start=r"(?:(?:\[[\w. -]{1,64}\]|[\w.-]{1,64}:) ?)?[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})? (?:[\w./-]{1,300}\.(?:go|s):[0-9]|/[^\s:]{0,1000}: [1-5][0-9]{2} )",
    specificity=0.93,
    names={"prefix": "log.logger", "label": "log.logger"},
)
GIN: Final = patterned(
    "gin",
    "Gin requests",
    "https://gin-gonic.com/docs/examples/custom-log-format/",
    samples=(
        '[GIN] 2024/03/14 - 09:26:53 | 200 |     1.234567ms |      192.0.2.17 | GET      "/ping?x=1"',
        "[GIN] 2024/03/14 - 09:26:54 | 404 |       12.3µs | 2001:db8::5 | POST     /pay",
    ),
    templates=(
        r"\[GIN\] (?P<y>[0-9]{4})/(?P<mo>[0-9]{2})/(?P<d>[0-9]{2}) - (?P<h>[0-9]{2}):(?P<mi>[0-9]{2}):(?P<s>[0-9]{2}) \| *+(?P<status>[0-9]{3}) *+\| *+(?P<took>[^\s|]{1,32}) *+\| *+"
        r"(?P<client>[^\s|]{1,64}) *+\| *+(?P<body>(?P<method>[A-Z]{3,10}) *+\"?(?P<path>[^\s?\"]{1,4000})(?:\?(?P<query>[^\s\"]{0,4000}))?\"?)(?P<extra>[^\n]*+)",
    ),
    start=r"\[GIN\] [0-9]{4}/",
    specificity=0.98,
    names={"took": "gin.latency"},
)
NEST: Final = patterned(
    "nestjs",
    "NestJS console (Immich)",
    "https://docs.nestjs.com/techniques/logger",
    samples=(
        "[Nest] 7  - 03/14/2024, 9:26:53 PM    WARN [AuthService] Failed login attempt for user ada@example.org from ip address 192.0.2.17",
        "[Nest] 7  - 03/14/2024, 9:26:54 PM     LOG [NestFactory] Starting Nest application... +12ms",
        "[Nest] 7  - 03/14/2024, 9:26:55 PM   ERROR [ExceptionsHandler] no money\nError: no money\n    at PayService.send (/srv/pay.js:42:7)",
    ),
    templates=(
        r"\[(?P<service>[\w.-]{1,64})\] (?P<pid>[0-9]{1,10}) {1,3}- (?P<mo>[0-9]{1,2})/(?P<d>[0-9]{1,2})/(?P<y>[0-9]{4}), (?P<h>[0-9]{1,2}):(?P<mi>[0-9]{2}):(?P<s>[0-9]{2})(?: (?P<half>[AaPp][Mm]))?"
        rf" *+(?P<level>LOG|ERROR|WARN|DEBUG|VERBOSE|FATAL) *+(?:\[(?P<logger>[^\]\n]{{1,200}})\] ?)?{REST}",
    ),
    start=r"\[[\w.-]{1,64}\] [0-9]{1,10} {1,3}- " + ANSI + r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}, ",
    specificity=0.96,
    levels={"LOG": 9},
)

RUST: Final = patterned(
    "rust_log",
    "Rust's env_logger and tracing",
    "https://docs.rs/tracing-subscriber/latest/tracing_subscriber/fmt/format/struct.Full.html",
    samples=(
        "2024-03-14T09:26:53.123456Z  INFO shop::server: listening addr=127.0.0.1:3000",
        "[2024-03-14T09:26:54Z WARN  shop::stock] only 3 left",
        '2024-03-14T09:26:55.123456Z ERROR request{method=GET path="/a"}: shop::pay: no money',
    ),
    templates=(
        rf"\[(?P<time>{ISO}) (?P<level>TRACE|DEBUG|INFO|WARN|ERROR) {{1,2}}(?P<logger>[\w:-]{{1,200}})\] {REST}",
        rf"(?P<time>{ISO}) {{1,2}}(?P<level>TRACE|DEBUG|INFO|WARN|ERROR) (?:(?P<thread>ThreadId\([0-9]{{1,9}}\)) )?"
        rf"(?:(?P<scope>[\w-]{{1,64}}\{{[^\n]{{0,1000}}?\}}): )?(?P<logger>\w{{1,64}}(?:::\w{{1,64}}){{1,16}}): {REST}",
    ),
    start=(
        r"\[?[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9:]{4,6}) {1,2}(?:TRACE|DEBUG|INFO|WARN|ERROR) {1,2}"
        r"(?:ThreadId|[\w-]{1,64}\{|\w{1,64}::|[\w:-]{1,200}\])"
    ),
    specificity=0.93,
    names={"scope": "tracing.span"},
)

FORMATS: Final = (RUBY_LOGGER, RAILS, MONOLOG, PHP, GO_LOG, GIN, NEST, RUST)
