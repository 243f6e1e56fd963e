"""Values that once stood in the wrong place, each with its kin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chalicelib.core.records import Record
from tests.lines_of_formats import read, record_of, records

if TYPE_CHECKING:
    from chalicelib.core.records import Value

DOVECOT = "Feb  3 10:11:00 mail dovecot: "


@pytest.mark.parametrize(
    ("message", "values"),
    [
        ("auth-worker(14860): conn unix:auth-worker (pid=14830,uid=109): auth-worker<7>: pam(ada@shop.example,192.0.2.1): pam_authenticate() failed",
         {"dovecot.service_pid": 14860, "user.name": "ada@shop.example", "client.address": "192.0.2.1"}),
        ("auth-worker(14860): pam(ada,192.0.2.1): unknown user", {"dovecot.service_pid": 14860, "user.name": "ada", "client.address": "192.0.2.1"}),
        ("auth: passwd-file(ada): unknown user", {"user.name": "ada", "client.address": None}),
        ("lmtp(4711): Connect from local", {"dovecot.service_pid": 4711, "user.name": None}),
        ("lmtp(4711, ada@shop.example): saved mail to INBOX", {"dovecot.service_pid": 4711, "user.name": "ada@shop.example"}),
        ("imap(ada)<4711><abc>: Logged out in=1 out=2", {"user.name": "ada"}),
        ("imap(12345)<4711><abc>: Logged out in=1 out=2", {"user.name": "12345", "dovecot.service_pid": None}),
    ],
)  # fmt: skip
def test_a_process_id_of_dovecot_is_no_user(message: str, values: dict[str, Value]) -> None:
    attributes = record_of("dovecot", DOVECOT + message).attributes
    assert {name: attributes.get(name) for name in values} == values


@pytest.mark.parametrize("how", ["", " using starttls", " using SSL"])
@pytest.mark.parametrize("client", ["192.0.2.1", "2001:db8::5"])
def test_what_nginx_says_behind_a_client_is_not_part_of_its_address(client: str, how: str) -> None:
    line = f'2026/02/03 10:11:00 [info] 31#31: *100 client login failed, client: {client}{how}, server: 0.0.0.0:587, login: "ada"'
    attributes = record_of("nginx_error", line).attributes
    assert (attributes["client.address"], attributes["user.name"], attributes["server.port"]) == (
        client,
        "ada",
        587,
    )
    assert attributes.get("nginx.client_connection", "") == how.strip()


@pytest.mark.parametrize(
    ("context", "values"),
    [("[   x:shop]", {"solr.core": "shop"}), ("[c:orders s:shard1 r:core_node3 x:orders_shard1]", {"solr.collection": "orders", "solr.shard": "shard1"}),
     ("[   ]", {"solr.core": None})],
)  # fmt: skip
def test_the_context_of_solr_is_no_logger(context: str, values: dict[str, Value]) -> None:
    (record,) = records(
        f"2026-02-03 10:11:00.293 INFO  (qtp-1) {context} o.a.s.c.SolrCore [shop] Registered new searcher"
    )
    attributes = record.attributes
    assert (attributes["thread.name"], attributes["log.logger"], record.body) == (
        "qtp-1",
        "o.a.s.c.SolrCore",
        "[shop] Registered new searcher",
    )
    assert {name: attributes.get(name) for name in values} == values


def test_the_audit_log_of_elasticsearch_is_typed() -> None:
    line = (
        "[2026-02-03T10:11:00,244] [node-0] [transport] [access_denied]\torigin_address=[192.0.2.1], principal=[ada],"
        " action=[indices:data/read], indices=[a,b], request=[{x=[1]}]"
    )
    name, (record,) = "elasticsearch", records(line)
    assert record == record_of(name, line)
    assert (
        record.attributes["client.address"],
        record.attributes["user.name"],
        record.attributes["event.name"],
    ) == ("192.0.2.1", "ada", "access_denied")
    assert record.attributes["elasticsearch.audit.request"] == "{x=[1]}"


def test_a_user_of_the_audit_log_is_the_principal_and_not_one_in_the_parameters() -> None:
    line = "[2026-02-03T10:11:00,244] [rest] [authentication_failed] origin_address=[2001:db8::5], uri=[/a], params=[{username=bob}]"
    attributes = record_of("elasticsearch", line).attributes
    assert (attributes["client.address"], attributes.get("user.name")) == ("2001:db8::5", None)


@pytest.mark.parametrize("when", ["2026-02-03-03.11.00.675872", "2026-02-03-10.11.00.675872"])
def test_the_epoch_says_the_time_and_the_local_time_its_fraction(when: str) -> None:
    (record,) = records(
        f"- 1770113400 2026.02.03 R02-M1 {when} R02-M1 RAS KERNEL INFO instruction cache parity error corrected"
    )
    assert (record.timestamp, record.timestamp_assumed) == ("2026-02-03T10:10:00.675872Z", None)


@pytest.mark.parametrize(
    ("mark", "facility", "severity"),
    [("<auth.info>", {"syslog.facility.name": "auth"}, ("info", 9)), ("<4.6>", {"syslog.facility.code": 4}, ("info", 9)),
     ("<kern.crit>", {"syslog.facility.name": "kern"}, ("crit", 18))],
)  # fmt: skip
@pytest.mark.parametrize("when", ["Feb  3 10:11:00", "2026-02-03T10:11:00.123456+00:00"])
def test_facility_and_severity_of_freebsd_are_no_host(
    when: str, mark: str, facility: dict[str, Value], severity: tuple[str, int]
) -> None:
    record = record_of(
        "syslog_rfc3164",
        f"{when} {mark} beastie sshd[130]: Failed password for root from 192.0.2.1 port 4022 ssh2",
    )
    assert (record.severity_text, record.severity_number) == severity
    attributes = record.attributes
    assert (attributes["host.name"], attributes["service.name"], attributes["client.address"]) == (
        "beastie",
        "sshd",
        "192.0.2.1",
    )
    assert facility.items() <= attributes.items()


def test_the_first_of_a_list_of_addresses_is_the_client() -> None:
    line = (
        "Feb  3 10:11:00 172.25.0.1 core[110]: 2026-02-03T10:11:00Z [ERROR] [/server/basic_auth.go:72][client IP="
        '"192.0.2.1, 10.0.0.1" requestID="4b0"]: failed to authenticate ada'
    )
    attributes = record_of("harbor", line).attributes
    assert attributes["client.address"] == "192.0.2.1"
    assert attributes["http.request.header.x_forwarded_for"] == "192.0.2.1, 10.0.0.1"


@pytest.mark.parametrize("program", ["Setup Assistant", "Google Chrome Helper", "kernel", "com.apple.xpc"])
def test_a_program_may_have_blanks_in_its_name(program: str) -> None:
    for _ in range(2):
        first, second = records(
            "\n".join([f"Feb  3 10:11:00 adas-mac {program}[1171]: Creating connection 1"] * 2)
        )
        assert first == second
        attributes = first.attributes
        assert (attributes["host.name"], attributes["service.name"], attributes["process.pid"]) == (
            "adas-mac",
            program,
            1171,
        )


@pytest.mark.parametrize("name", ["ada", "O'Hara", "d'Artagnan"])
@pytest.mark.parametrize(
    ("kind", "line"),
    [("mssql", "2026-02-03 10:11:00.01 Logon       Login failed for user '{}'. Reason: no. [CLIENT: 192.0.2.1]"),
     ("mysql_error", "2026-02-03T10:11:00.123456Z 7 [Note] [MY-010926] [Server] Access denied for user '{}'@'192.0.2.1' (using password: YES)"),
     ("syslog_sshd", "Feb  3 10:11:00 web-1 dropbear[7]: Exit before auth (user '{}', 3 fails): Max auth tries reached")],
)  # fmt: skip
def test_a_name_is_not_cut_at_its_quote(kind: str, line: str, name: str) -> None:
    assert record_of(kind, line.format(name)).attributes["user.name"] == name


@pytest.mark.parametrize(
    "text",
    [
        '{{"time":"2026-03-01T10:00:00Z","msg":"x","a":{}}}\n',
        '{{"time":"2026-03-01T10:00:00Z","msg":"x","o":{{"a":[{}]}}}}\n',
        '[{{"time":"2026-03-01T10:00:00Z","msg":"x","a": {}}}]',
        '{{"level":30,"time":1772359200000,"pid":1,"hostname":"h","msg":"x","a":{}}}\n',
    ],
)
@pytest.mark.parametrize(
    ("number", "value"),
    [("-1e-400", "-1e-400"), ("1E-999", "1E-999"), ("0e-400", 0), ("0.0", 0), ("5e-100", 5e-100)],
)
def test_a_number_too_small_for_a_float_is_its_text_and_no_zero(text: str, number: str, value: Value) -> None:
    (record,) = [
        outcome.result
        for outcome in read(text.format(number).encode())[1]
        if isinstance(outcome.result, Record)
    ]
    number_read = record.attributes.get("a", record.attributes.get("o.a"))
    assert number_read in (value, [value])


@pytest.mark.parametrize(
    ("line", "level"),
    [
        (line, level)
        for line, levels in (
            ('{{"name":"shop","hostname":"h","pid":1,"level":{},"msg":"x","time":"2026-03-01T10:00:00Z","v":0}}', "10 30 50"),
            ('{{"level":{},"time":1772359200000,"pid":1,"hostname":"h","msg":"x"}}', "10 30 50"),
            ('{{"severity":{},"timestamp":"2026-03-01T10:00:00Z","message":"x"}}', "6 3 0"),
        )
        for level in levels.split()
    ],
)  # fmt: skip
def test_a_level_by_number_is_the_same_in_quotes(line: str, level: str) -> None:
    (bare,), (quoted,) = records(line.format(level) + "\n"), records(line.format(f'"{level}"') + "\n")
    assert quoted.severity_number == bare.severity_number is not None


@pytest.mark.parametrize(
    ("message", "unit"),
    [
        ("Started nginx.", None), ("Starting nginx...", None), ("Stopped target Network.", None), ("Reached target Multi-User System.", None),
        ("Started Session 17 of User ada.", None), ("Listening on D-Bus User Message Bus Socket.", None), ("note: nothing of a unit", None),
        ("Started nginx.service - A web server.", "nginx.service"), ("Failed to start nginx.service.", "nginx.service"),
        ("Stopping shop@7.service...", "shop@7.service"), ("Mounted var-lib-shop.mount - /var/lib/shop.", "var-lib-shop.mount"),
        ("nginx.service: Main process exited, code=exited, status=1/FAILURE", "nginx.service"), ("run-a\\x2db.scope: Succeeded.", "run-a\\x2db.scope"),
    ],
)  # fmt: skip
def test_a_description_of_systemd_is_no_unit(message: str, unit: str | None) -> None:
    """systemd says the description of a unit, or its name and the description: systemd.journal-fields(7)."""
    (record,) = records(f"Mar  1 10:00:00 web systemd[1]: {message}\n")
    assert (record.attributes.get("systemd.unit"), record.attributes["service.name"]) == (unit, "systemd")


PG = "2026-03-01 10:00:00.123 UTC [4711] "


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (f"{PG}ada@db(192.0.2.1(4444)) LOG:  ready", {"user.name": "ada", "db.namespace": "db", "client.address": "192.0.2.1", "client.port": 4444}),
        (f"{PG}ada@db/psql LOG:  ready", {"user.name": "ada", "db.namespace": "db"}),
        (f"{PG}user=ada,db=shop,client=[local] LOG:  ready", {"client.address": None, "network.transport": "unix"}),
        (f"{PG}ada@db [local] LOG:  ready", {"db.namespace": "db", "client.address": None, "network.transport": "unix"}),
        (f'{PG}FATAL:  no pg_hba.conf entry for host "[local]", user "ada", database "db"', {"user.name": "ada", "client.address": None}),
        ('unix: - - [01/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"', {"client.address": None, "network.transport": "unix"}),
        ('2026/03/01 10:00:00 [error] 31#31: *1 failed, client: unix:, server: x, request: "GET / HTTP/1.1"', {"client.address": None}),
        ("LEEF:2.0|V|P|1|E|\t|src=192.0.2.1\tusrName=ada\tmsg=two words", {"source.address": "192.0.2.1", "user.name": "ada", "leef.extra": None}),
        ("LEEF:2.0|V|P|1|E|\\t|src=192.0.2.1\tusrName=ada", {"source.address": "192.0.2.1", "user.name": "ada"}),
        ("LEEF:1.0|V|P|1|E", {"leef.event_id": "E"}),
        ("CEF:0|V|P|1|E|n|5", {"cef.name": "n", "cef.severity": "5"}),
        ("CEF:0|V|P|1|E|n|5|src=192.0.2.1 src=192.0.2.2 src=192.0.2.3",
         {"source.address": "192.0.2.1", "source.address#2": "192.0.2.2", "source.address#3": "192.0.2.3"}),
        ("CEF:0|V|P|1|E|n|5|src=192.0.2.1 sourceAddress=192.0.2.9", {"source.address": "192.0.2.1", "cef.sourceAddress": "192.0.2.9"}),
    ],
)  # fmt: skip
def test_an_address_is_one_and_a_part_ends_where_the_next_begins(line: str, values: dict[str, Value]) -> None:
    for record in records(f"{line}\n" * 3):
        assert {name: record.attributes.get(name) for name in values} == values


@pytest.mark.parametrize(
    ("extensions", "timestamp"),
    [
        ("end=1772359300000 start=1772359200000", "2026-03-01T10:00:00.000Z"),
        ("start=1772359200000 end=1772359300000 rt=1772359400000", "2026-03-01T10:03:20.000Z"),
        ("end=1772359300000", "2026-03-01T10:01:40.000Z"),
    ],
)
def test_an_event_of_cef_begins_before_it_ends(extensions: str, timestamp: str) -> None:
    (record,) = records(f"CEF:0|V|P|1|E|n|5|{extensions}\n")
    assert record.timestamp == timestamp


NGINX = "2026/09/14 08:00:00 [error] 7#7: *1 "
BEHIND = ', client: 192.0.2.7, server: shop, request: "GET / HTTP/1.1", host: "shop"'


@pytest.mark.parametrize(
    "message",
    [
        'open() "/html/x, client: 6.6.6.6, server: evil" failed (2: No such file or directory)',
        'open() "/html/x, client: 6.6.6.6, server: e, request: "GET / HTTP/1.1", host: "h" failed (2: No such file or directory)',
        'user "x, client: 6.6.6.6, server: e": password mismatch',
        'FastCGI sent in stderr: "PHP message: no x, client: 6.6.6.6, server: e" while reading response header from upstream',
        '[client 192.0.2.7] ModSecurity: Warning. [id "1"] [msg "XSS, client: 6.6.6.6"]',
        "lua: bad name x, client: 6.6.6.6",
    ],
)
@pytest.mark.parametrize("carrier", ["", "Sep 14 08:00:00 web-1 nginx: "])
def test_who_sends_a_request_does_not_choose_its_address(message: str, carrier: str) -> None:
    (record,) = records(carrier + NGINX + message + BEHIND)
    assert record.attributes["client.address"] == "192.0.2.7"
    assert record.attributes["http.request.header.host"] == "shop"
    assert record.body == message


@pytest.mark.parametrize(
    "written",
    [
        "http://x/, client: 6.6.6.6, server: e",
        "http://x/, host: h",
        "http://x/, client: 6.6.6.6, server: e, request: ",
    ],
)
def test_what_looks_like_fields_in_a_quoted_value_belongs_to_it(written: str) -> None:
    line = f'{NGINX}open() "/x" failed (2: No such file or directory){BEHIND}, referrer: "{written}"'
    attributes = record_of("nginx_error", line).attributes
    assert attributes["client.address"] == "192.0.2.7"
    assert attributes["http.request.header.host"] == "shop"
    assert attributes["http.request.header.referer"] == written


@pytest.mark.parametrize(
    "line",
    [
        f'open() "/x" failed (2: No such file){BEHIND}, referrer: "x", client: 6.6.6.6, server: e, request: "GET / HTTP/1.1"',
        f'open() "/x", client: 6.6.6.6, server: e, request: "GET / HTTP/1.1", host: "h", referrer: "" failed (2: No such file){BEHIND}',
    ],
)  # fmt: skip
def test_of_two_clients_that_may_both_be_nginx_s_neither_is_taken(line: str) -> None:
    attributes = record_of("nginx_error", NGINX + line).attributes
    assert "client.address" not in attributes
    assert "192.0.2.7" in str(attributes["nginx.disputed_fields"])


ASA = "Sep 14 2026 08:00:00 fw-1 : %ASA-6-"


@pytest.mark.parametrize(
    ("line", "user", "side"),
    [
        (ASA + "113005: AAA user authentication Rejected : reason = AAA failure : server = 10.0.0.2 : user = x : user IP = 6.6.6.6 : user IP = 192.0.2.7",
         "x : user IP = 6.6.6.6", "client"),
        (ASA + "109006: Authentication failed for user 'x' from 6.6.6.6/1 to 10.0.0.1/23' from inside:192.0.2.7/5 to outside:10.0.0.1/23 on interface inside",
         "x' from 6.6.6.6/1 to 10.0.0.1/23", "source"),
        (ASA + "722051: Group <g> User <x> IP <6.6.6.6> y> IP <192.0.2.7> IPv4 Address <10.0.0.9> assigned to session", "x> IP <6.6.6.6> y", "client"),
        (ASA + "713049: Group = g, Username = x, IP = 6.6.6.6, y, IP = 192.0.2.7, Security negotiation complete", "x, IP = 6.6.6.6, y", "client"),
        ("Sep 14 08:00:00 sw-1 12: %SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: x] [Source: 6.6.6.6] [localport: 22] y] [Source: 192.0.2.7] [localport: 22]",
         "x] [Source: 6.6.6.6] [localport: 22] y", "client"),
        ("2026-09-14 08:00:00 WARN web - Failed login for user 'x from 6.6.6.6' from 192.0.2.7", "x from 6.6.6.6", "client"),
        ("2026-09-14 08:00:00 WARN web - Login failed: user 'x (Remote IP: 6.6.6.6)' (Remote IP: 192.0.2.7)", "x (Remote IP: 6.6.6.6)", "client"),
    ],
)  # fmt: skip
def test_who_logs_in_does_not_choose_an_address(line: str, user: str, side: str) -> None:
    (record,) = records(line)
    assert (record.attributes.get(f"{side}.address"), record.attributes.get("user.name")) == (
        "192.0.2.7",
        user,
    )


def test_a_subject_does_not_choose_the_address_of_who_sends_it() -> None:
    (record,) = records(
        "Sep 14 08:00:00 mail postfix/cleanup[4711]: 4A1B2C: reject: header Subject: a from x[6.6.6.6]; from y[6.6.6.6] from"
        " mx.example[192.0.2.7]; from=<ada@example.org> to=<bob@example.org> proto=ESMTP helo=<mx>: 5.7.1 no"
    )
    assert record.attributes["client.address"] == "192.0.2.7"


@pytest.mark.parametrize(
    ("message", "values"),
    [
        ("New session 4 of user ada.", {"session.id": "4", "user.name": "ada"}),
        ("New session c4 of user ada.b.", {"session.id": "c4", "user.name": "ada.b"}),
        ("New session '4' of user 'ada' with class 'user' and type 'tty'.", {"session.id": "4", "user.name": "ada", "session.type": "tty"}),
        ("Removed session 4.", {"session.id": "4"}),
        ("Session 4 logged out. Waiting for processes to exit.", {"session.id": "4"}),
    ],
)  # fmt: skip
def test_the_full_stop_of_a_sentence_belongs_to_no_value(message: str, values: dict[str, Value]) -> None:
    (record,) = records(f"Sep 14 08:00:00 web systemd-logind[1]: {message}")
    assert {name: record.attributes.get(name) for name in values} == values


@pytest.mark.parametrize(
    ("line", "level", "body", "values"),
    [
        ("2026-09-14 08:00:00 web1 ERROR x", "ERROR", "x", {"extra": "web1"}),
        ("2026-09-14 08:00:00 PST8PDT INFO x", "INFO", "x", {"extra": "PST8PDT"}),
        ("2026-09-14 08:00:00 [web1] ERROR x", "ERROR", "x", {"thread.name": "web1"}),
        ("2026-09-14 08:00:00.123+0000 [id=77]\tINFO\thudson.WebAppMain$3#run: Jenkins is up", "INFO", "hudson.WebAppMain$3#run: Jenkins is up",
         {"thread.id": 77}),
    ],
)  # fmt: skip
def test_a_bare_word_before_a_level_is_no_thread(
    line: str, level: str, body: str, values: dict[str, Value]
) -> None:
    (record,) = records(line)
    assert (record.severity_text, record.body, record.attributes) == (level, body, values)


@pytest.mark.parametrize("zone", ["+0200 CEST", "+0200 +0200", "+0200 CEST m=+0.012345678"])
@pytest.mark.parametrize("fraction", ["", ".123456789"])
def test_the_time_of_go_is_read_whole(zone: str, fraction: str) -> None:
    when = f"2026-09-14 08:00:00{fraction} {zone}"
    for line, body in (
        (f"{when} INFO b", "b"),
        (f'{{"time":"{when}","level":"INFO","msg":"b"}}', "b"),
        (f'time="{when}" level=INFO msg=b', "b"),
    ):
        (record,) = records(line)
        assert (record.timestamp, record.timestamp_assumed) == (f"2026-09-14T06:00:00{fraction}Z", None)
        assert (record.severity_text, record.body, record.attributes) == ("INFO", body, {})


def test_a_method_behind_an_offset_is_no_zone() -> None:
    (record,) = records("2026-09-14 08:00:00 +0000 GET /a took 17 ms")
    assert record.body == "GET /a took 17 ms"


@pytest.mark.parametrize(
    ("clock", "day", "assumed"), [("23:59:59", 14, None), ("00:00:01", 15, "day"), ("23:00:00", 14, "day")]
)
def test_a_time_without_a_day_goes_on_past_midnight(clock: str, day: int, assumed: str | None) -> None:
    header = "#Version: 1.0\n#Date: 2026-09-14 23:59:58\n#Fields: time cs-method cs-uri-stem sc-status\n"
    _, outcomes = read(f"{header}{clock} GET /a 200\n".encode())
    record = outcomes[-1].result
    assert isinstance(record, Record)
    assert (record.timestamp, record.timestamp_assumed) == (f"2026-09-{day}T{clock}Z", assumed)
