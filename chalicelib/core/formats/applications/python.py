"""What Python programs write: logging's defaults and usual formats, loguru, Airflow, OpenStack, uvicorn, uWSGI."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chalicelib.core.formats.dates import DAY, ISO
from chalicelib.core.formats.patterned import REST, TIME, patterned
from chalicelib.core.formats.starts import ANSI, CLOCK, MARK, entry_start
from chalicelib.core.formats.times import MONTH
from chalicelib.core.framing import Framing

_LEVEL: Final = r"(?P<level>NOTSET|TRACE|DEBUG|INFO|SUCCESS|WARN|WARNING|ERROR|CRITICAL|FATAL)"
_LEVELS: Final = r"(?:NOTSET|TRACE|DEBUG|INFO|SUCCESS|WARN|WARNING|ERROR|CRITICAL|FATAL)"
_NAME: Final = r"(?P<logger>[A-Za-z_][\w.-]{0,199})"
_START: Final = rf"{DAY} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}"
_SUCCESS: Final = {"SUCCESS": 9, "NOTSET": 1}

PYTHON_LOGGING: Final = patterned(
    "python_logging",
    "Python's logging: basicConfig, the formats of its documentation, Flask, Scrapy, Celery",
    "https://docs.python.org/3/howto/logging.html",
    samples=(
        "WARNING:root:look out",
        "ERROR:shop.pay:payment failed\nTraceback (most recent call last):\n"
        '  File "/srv/pay.py", line 42, in send\n    raise PayError("no money")\nshop.PayError: no money',
        "2024-03-14 09:26:53,123 - shop.api - ERROR - broken - twice",
        "2024-03-14 09:26:54 [scrapy.core.engine] INFO: Spider opened",
        "[2024-03-14 09:26:55,123: INFO/MainProcess] Task shop.pay[17] received",
        "[2024-03-14 09:26:56,123] WARNING in app: slow",
    ),
    templates=(
        rf"{_LEVEL}:(?P<logger>[A-Za-z_][\w.-]{{0,199}}):{REST}",
        rf"{TIME} {{1,2}}- {{1,2}}{_NAME} {{1,2}}- (?:(?P<function>[\w<>]{{1,100}}) - )?{_LEVEL} {{0,6}} - {REST}",
        rf"{TIME} {{1,2}}- {{1,2}}{_LEVEL} {{0,6}} - (?:(?P<logger>[A-Za-z_][\w.]{{0,199}}) - )?{REST}",
        rf"{TIME} \[{_NAME}\] {_LEVEL}: {REST}",
        rf"\[(?P<time>{ISO}): {_LEVEL}/(?P<process>[^\]\n]{{1,100}})\] (?:(?P<task>[\w.]{{1,200}}\[[\w-]{{1,64}}\]): )?{REST}",
        rf"\[(?P<time>{ISO})\] {_LEVEL} in (?P<module>[\w.]{{1,100}}): {REST}",
        rf"{TIME} (?P<pid>[0-9]{{1,10}}) (?P<tid>[0-9]{{1,18}}) {_LEVEL} {{1,6}}{_NAME}:? {REST}",
        rf"{TIME} {_LEVEL} {{1,6}}\[(?P<logger>[\w.]{{1,200}}):(?P<line>[0-9]{{1,7}})\] {REST}",
        rf"{TIME} {_LEVEL} {{1,6}}\[(?P<logger>[\w.]{{1,200}})\] \[(?P<file>[\w./-]{{1,200}}):(?P<line>[0-9]{{1,7}})\] "
        r"\[trace_id=(?P<trace>[0-9a-f]{1,32}) span_id=(?P<span>[0-9a-f]{1,16}) resource\.service\.name=(?P<service>[^\s\]]{0,200})(?: trace_sampled=(?P<sampled>\w{1,5}))?\] - "
        + REST,
        rf"{TIME} (?P<pid>[0-9]{{1,10}}) {_LEVEL} (?P<database>\S{{1,64}}) (?P<logger>[\w.]{{1,200}}): {REST}",
        rf"{TIME} - (?P<logger>[\w.-]{{1,200}}) - {REST}",
        rf"{_LEVEL} {TIME} (?P<module>[\w.]{{1,100}}) (?P<pid>[0-9]{{1,10}}) (?P<tid>[0-9]{{1,18}}) {REST}",
    ),
    start=rf"(?:{_LEVELS}:[A-Za-z_][\w.-]{{0,199}}:|{_START}[^\s]{{0,4}} {{1,2}}(?:- {{1,2}}[A-Za-z]|\[[A-Za-z_][\w.-]{{0,199}}\] {_LEVELS}: |{_LEVELS} {{1,6}}\["
    rf"|[0-9]{{1,10}} (?:[0-9]{{1,18}} {_LEVELS}|{_LEVELS} \S{{1,64}} [\w.]{{1,200}}:) )|\[{_START}[^\s\]]{{0,12}}(?:: {_LEVELS}/|\] {_LEVELS} in )|{_LEVELS} {_START}\S{{0,4}} [\w.]{{1,100}} [0-9]{{1,10}} )",
    specificity=0.88,
    names={
        "module": "code.module.name",
        "task": "celery.task",
        "sampled": "trace_sampled",
        "database": "db.namespace",
    },
    levels=_SUCCESS,
)
LOGURU: Final = patterned(
    "loguru",
    "loguru: time | level | module:function:line - message",
    "https://loguru.readthedocs.io/",
    samples=(
        "2024-03-14 09:26:53.123 | INFO     | shop.api:pay:42 - paid",
        "2024-03-14 09:26:54.123 | ERROR    | __main__:<module>:7 - failed\nTraceback (most recent call last):\n\n"
        '  File "/srv/a.py", line 7, in <module>\n    main()\n\nValueError: not a number',
        "2024-03-14 09:26:55.123 | SUCCESS  | shop.api:open:3 - open",
    ),
    templates=(
        rf"{TIME} \| {_LEVEL} *+\| (?P<logger>[\w.<>-]{{1,200}}):(?P<function>[\w<>.]{{1,100}}):(?P<line>[0-9]{{1,7}}) - {REST}",
    ),
    start=rf"{_START}\.[0-9]{{3,6}} \| {_LEVELS} *+\| [\w.<>-]{{1,200}}:",
    specificity=0.95,
    levels=_SUCCESS,
)
AIRFLOW: Final = patterned(
    "airflow",
    "Apache Airflow",
    "https://airflow.apache.org/docs/apache-airflow/stable/administration-and-deployment/logging-monitoring/",
    samples=(
        "[2024-03-14 09:26:53,123] {{dag_processing.py:1246}} DEBUG - Queuing the following files:\n  /dags/a.py\n  /dags/b.py",
        "[2024-03-14T09:26:54.123+0000] {taskinstance.py:1103} INFO - Dependencies all met for <TaskInstance: shop.pay>",
        "[2024-03-14 09:26:55,123] {base_task_runner.py:101} INFO - Job 17: Subtask pay",
    ),
    templates=(
        rf"\[(?P<time>{ISO})\] \{{\{{?(?P<file>[\w./<>-]{{1,200}}):(?P<line>[0-9]{{1,7}})\}}\}}? {_LEVEL} - {REST}",
    ),
    start=r"\[[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][^\]\n]{8,24}\] \{\{?[\w./<>-]{1,200}:[0-9]{1,7}\}",
    specificity=0.96,
)
OPENSTACK: Final = patterned(
    "openstack",
    "OpenStack (oslo.log), with or without the name of the file",
    "https://docs.openstack.org/oslo.log/latest/configuration/",
    samples=(
        "2024-03-14 09:26:53.123 25746 INFO nova.osapi_compute.wsgi.server [req-38101a0b-2096-447d-96ea-a692162415ae"
        ' 113d3a99 54fadb41 - - -] 192.0.2.17 "GET /v2/54fadb41/servers/detail HTTP/1.1" status: 200 len: 1893 time: 0.2477829',
        "nova-compute.log.1.2024-03-14_13:55:31 2024-03-14 09:26:54.123 2931 WARNING nova.virt.imagecache [-] Unknown base file",
        "2024-03-14 09:26:55.123 2931 ERROR oslo.service [-] [instance: b9000564-fe1a-409b-b8cc-1e88b294cd1d] failed",
    ),
    templates=(
        rf"(?:(?P<source>[\w.-]{{1,100}}\.[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}_[0-9:]{{8}}) )?{TIME} (?P<pid>[0-9]{{1,10}}) {_LEVEL} (?P<logger>[\w.-]{{1,200}}) "
        r"\[(?:(?P<request>req-[\w-]{1,64}|None)?(?: (?P<user>[^\s\]]{1,128}))?(?: (?P<project>[^\s\]]{1,128}))?(?: (?P<domains>[^\]\n]{1,300}))?|-)\] "
        r"(?P<body>(?:\[instance: (?P<instance>[\w-]{1,64})\] ?)?"
        r"(?:(?P<client>[0-9A-Fa-f.:]{3,45})(?:,[^\s\"]{1,64})? \"(?P<method>[A-Z]{3,10}) (?P<path>[^\s?\"]{1,2000})(?:\?(?P<query>[^\s\"]{0,4000}))?(?: HTTP/(?P<version>[0-9.]{1,4}))?\""
        r" status: (?P<status>[0-9]{3}) len: (?P<size>[0-9]{1,18}) time: (?P<took>[0-9.]{1,18}))?[^\n]*+)",
        rf"(?:(?P<source>[\w.-]{{1,100}}\.[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}_[0-9:]{{8}}) )?{TIME} (?P<pid>[0-9]{{1,10}}) {_LEVEL} (?P<logger>[\w.-]{{1,200}}) {REST}",
    ),
    start=rf"(?:[\w.-]{{1,100}}\.[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}_[0-9:]{{8}} )?{_START}\.[0-9]{{3,6}} [0-9]{{1,10}} {_LEVELS} [\w.-]{{1,200}} ",
    specificity=0.92,
    names={
        "source": "log.file.name", "request": "openstack.request_id", "user": "user.id", "project": "openstack.project_id",
        "domains": "openstack.domains", "instance": "openstack.instance_id", "took": "openstack.time_s",
    },
    numbers=frozenset(("took",)),
)  # fmt: skip
UVICORN: Final = patterned(
    "uvicorn",
    "uvicorn and FastAPI console",
    "https://www.uvicorn.org/settings/#logging",
    samples=(
        'INFO:     192.0.2.17:52782 - "POST /login?next=/a HTTP/1.1" 401 Unauthorized',
        'INFO: 192.0.2.18:50356 - "GET / HTTP/1.1" 200 OK',
        "INFO:     Application startup complete.",
        "ERROR:    Exception in ASGI application\nTraceback (most recent call last):\n"
        '  File "/srv/app.py", line 7, in pay\n    raise KeyError(1)\nKeyError: 1',
    ),
    templates=(
        rf"{_LEVEL}: {{1,8}}(?P<body>(?P<client>[0-9A-Fa-f.:]{{3,45}}):(?P<port>[0-9]{{1,5}}) - "
        r"\"(?P<method>[A-Z]{3,10}) (?P<path>[^\s?\"]{1,4000})(?:\?(?P<query>[^\s\"]{0,4000}))? HTTP/(?P<version>[0-9.]{1,4})\" (?P<status>[0-9]{3})[^\n]*+)",
        rf"{_LEVEL}: {{1,8}}(?!\[?[0-9]{{4}}[-/]|\[?[A-Z][a-z]{{2}} [ 0-9][0-9] ){REST}",
    ),
    start=rf"{_LEVELS}{ANSI}: {{1,8}}(?!\[?[0-9]{{4}}[-/]|\[?[A-Z][a-z]{{2}} [ 0-9][0-9] )[^\s]",
    specificity=0.82,
    alone=False,
)
UWSGI: Final = patterned(
    "uwsgi",
    "uWSGI requests",
    "https://uwsgi-docs.readthedocs.io/en/latest/LogFormat.html",
    samples=(
        "[pid: 4711|app: 0|req: 17/42] 192.0.2.17 () {40 vars in 600 bytes} [Thu Mar 14 09:26:53 2024] GET /shop?q=1 =>"
        " generated 12 bytes in 3 msecs (HTTP/1.1 200) 2 headers in 70 bytes (1 switches on core 0)",
        "[pid: 4711|app: -1|req: -1/43] 2001:db8::5 (ada) {36 vars in 412 bytes} [Thu Mar 14 09:26:54 2024] POST /pay =>"
        " generated 0 bytes in 1 msecs (HTTP/1.0 302) 3 headers in 99 bytes (2 switches on core 1)",
    ),
    templates=(
        r"\[pid: (?P<pid>[0-9]{1,10})\|app: (?P<app>[0-9-]{1,10})\|req: (?P<requests>[0-9-]{1,18}/[0-9-]{1,18})\] (?P<client>[^\s]{1,64}) \((?P<user>[^)\n]{0,100})\) "
        r"\{(?P<vars>[0-9]{1,9}) vars in (?P<var_bytes>[0-9]{1,9}) bytes\} \[(?P<time>[^\]\n]{20,32})\] (?P<body>(?P<method>[A-Z]{3,10}) (?P<path>[^\s?]{1,4000})(?:\?(?P<query>[^\s]{0,4000}))?)"
        r" => generated (?P<size>[0-9]{1,18}) bytes in (?P<took>[0-9]{1,12}) (?P<unit>[a-z]{2,8}) \(HTTP/(?P<version>[0-9.]{1,4}) (?P<status>[0-9]{3})\)(?P<extra>[^\n]*+)",
    ),
    start=r"\[pid: [0-9]{1,10}\|app: ",
    specificity=0.97,
    names={
        "app": "uwsgi.app", "requests": "uwsgi.requests", "vars": "uwsgi.vars", "var_bytes": "uwsgi.vars_bytes",
        "took": "uwsgi.duration", "unit": "uwsgi.duration_unit",
    },
    numbers=frozenset(("app", "vars", "var_bytes", "took")),
    single_line=True,
)  # fmt: skip
_DJANGO_START: Final = rf"(?:\[?[A-Z]{{4,8}}\]? )?\[[0-9]{{2}}/{MONTH}/[0-9]{{4}} {CLOCK}\] \"[A-Z]"
_DJANGO_REPORT: Final = (
    r"(?:Internal Server Error|Not Found|Bad Request|Forbidden|Unauthorized|Method Not Allowed|Not Acceptable|Conflict|Gone"
    r"|Payment Required|Request Timeout|Unsupported Media Type|Unprocessable Entity|Too Many Requests|Not Implemented"
    r"|Bad Gateway|Service Unavailable|Gateway Timeout)(?: \([^()\n]{1,200}\))?: /"
)
"""How the report of a request that failed begins, which stands before its line:
https://github.com/django/django/blob/main/django/utils/log.py"""
DJANGO: Final = replace(
    patterned(
        "django_server",
        "Django's development server",
        "https://docs.djangoproject.com/en/5.0/ref/logging/",
        samples=(
            '[14/Mar/2024 09:26:53] "GET /admin/?next=/ HTTP/1.1" 302 0',
            'INFO [14/Mar/2024 09:26:54] "POST /login/ HTTP/1.1" 200 5316',
            "Internal Server Error: /pay/\nTraceback (most recent call last):\n"
            '  File "/srv/app.py", line 7, in pay\n    raise KeyError(1)\nKeyError: 1',
            "Not Found: /favicon.ico",
        ),
        templates=(
            rf"(?:\[?{_LEVEL}\]? )?\[(?P<time>[0-9]{{2}}/{MONTH}/[0-9]{{4}} {CLOCK})\] \"(?P<body>(?P<method>[A-Z]{{3,10}}) (?P<path>[^\s?\"]{{1,4000}})"
            r"(?:\?(?P<query>[^\s\"]{0,4000}))? HTTP/(?P<version>[0-9.]{1,4}))\" (?P<status>[0-9]{3}) (?P<size>[0-9]{1,18}|-)(?=\n|$)",
            rf"(?P<body>{_DJANGO_REPORT[:-1]}(?P<path>/\S{{0,4000}}))",
            r"(?P<body>Traceback \(most recent call last\):)",
        ),
        start=f"{_DJANGO_START}|{_DJANGO_REPORT}",
        specificity=0.95,
    ),
    framing=Framing(
        entry_start=entry_start(rf"{_DJANGO_START}|{_DJANGO_REPORT}|Traceback \(most recent call last\):"),
        joins=rf"(?:{MARK})?(?:{_DJANGO_REPORT}[^\n]*+|(?:During handling of the above|The above exception was)[^\n]*+)\n\r?\n?Traceback \(most recent",
        over_blanks=True,
    ),
)
HOME_ASSISTANT: Final = patterned(
    "home_assistant",
    "Home Assistant",
    "https://www.home-assistant.io/integrations/logger/",
    samples=(
        "2024-03-14 09:26:53.123 WARNING (MainThread) [homeassistant.components.http.ban] Login attempt or request with invalid"
        " authentication from example.org (192.0.2.17). (Mozilla/5.0 (X11; Linux x86_64))",
        "2024-03-14 09:26:54 ERROR (SyncWorker_3) [homeassistant.core] Error doing job\nTraceback (most recent call last):\n"
        '  File "/srv/core.py", line 7, in run\n    go()\nTimeoutError',
    ),
    templates=(rf"{TIME} {_LEVEL} \((?P<thread>[^()\n]{{1,100}})\) \[(?P<logger>[\w.-]{{1,200}})\] {REST}",),
    start=rf"{_START}[^\s]{{0,8}} {_LEVELS} \(",
    specificity=0.93,
)
SABNZBD: Final = patterned(
    "sabnzbd",
    "SABnzbd",
    "https://sabnzbd.org/wiki/",
    samples=(
        "2024-03-14 09:26:53,123::WARNING::[interface:657] Unsuccessful login attempt from 192.0.2.17 (X-Forwarded-For: 198.51.100.7) [Mozilla/5.0 (X11)]",
        "2024-03-14 09:26:54,123::INFO::[downloader:412] Starting job 17",
    ),
    templates=(rf"{TIME}::{_LEVEL}::\[(?P<logger>[\w.]{{1,100}}):(?P<line>[0-9]{{1,7}})\] {REST}",),
    start=rf"{_START}[^\s]{{0,8}}::[A-Z]{{4,8}}::\[",
    specificity=0.95,
)

FORMATS: Final = (
    PYTHON_LOGGING, LOGURU, AIRFLOW, OPENSTACK, UVICORN, UWSGI, DJANGO, HOME_ASSISTANT, SABNZBD,
)  # fmt: skip
