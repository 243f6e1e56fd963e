"""Lines of products as they are met elsewhere than in their documentation: each value stands where it belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lines_of_formats import read, record_of, records

if TYPE_CHECKING:
    from chalicelib.core.records import Value

MX = "Mar 14 09:26:53 mx postfix/{}[1234]: {}"
FORTI = 'date=2019-05-10 time=11:37:47 logid="0000000013" type="traffic" level="notice" vd="root" '
LINES: list[tuple[str, str, dict[str, Value]]] = [
    ("aws_alb", ('http 2025-05-01T11:24:32.748149Z app/a/b 192.0.2.17:57273 - -1 -1 -1 200 - 0 272 "- http://shop.example.org:80-/ " "-" - - - "-" "-" "-" -'
     ' 2025-05-01T11:24:32.720000Z "-" "-" "-" "-" "-" "-" "-" TID_0'), {"url.domain": "shop.example.org", "url.port": 80}),
    ("activemq", "2019-11-29 10:59:49,515 | INFO  | Initializing Spring FrameworkServlet 'dispatcher' | /admin | main", {"log.logger": "/admin", "thread.name": "main"}),
    ("fortinet", FORTI + 'sn="1557771654" imei="359376060442770" imsi="302720502331361" session_id=0 url="/api/v2?vdom=root"',
     {"fortinet.sn": "1557771654", "fortinet.imei": "359376060442770", "fortinet.session_id": "0", "url.path": "/api/v2", "url.query": "vdom=root"}),
    ("palo_alto", "1,2021/03/24 11:29:49,013101001308,GLOBALPROTECT,0,2305,2021/03/24 11:29:49,vsys1,gateway-auth,login,,,domain\\ada,BE,PC1,192.0.2.17,0.0.0.0",
     {"user.name": "domain\\ada", "client.address": "192.0.2.17"}),
    ("mysql_slow", "# User@Host: root[root] @ localhost [192.0.2.17]\n# Thread_id: 5  Schema:   QC_hit: No\n# Query_time: 2.0  Lock_time: 0.0  Rows_sent: 1  Rows_examined: 0\nselect 1;",
     {"mysql.connection_id": 5, "mysql.qc_hit": False, "db.namespace": None, "extra": None}),
    ("netscreen", ("NetScreen device_id=fw-1  [Root]system-notification-00257(traffic): proto=1 src zone=Trust dst zone=Untrust action=Permit src=10.0.0.5 dst=198.51.100.9"
     " icmp type=8 src-xlated ip=203.0.113.1 port=1024"), {"destination.address": "198.51.100.9", "icmp.type": 8, "source.address": "10.0.0.5"}),
    ("netscreen", "NetScreen device_id=fw-1 [Root]system-alert-00016: Port scan! From 192.0.2.17:54886 to 198.51.100.9:406, proto TCP (zone Untrust, int ethernet0/0).",
     {"source.address": "192.0.2.17", "source.port": 54886, "destination.address": "198.51.100.9", "destination.port": 406, "network.transport": "tcp"}),
    ("netscreen", 'NetScreen device_id=fw-1 [Root]system-warning-00515: Admin user "ada" logged in for Web(https) management (port 443) from 192.0.2.17:51022.',
     {"user.name": "ada", "client.address": "192.0.2.17", "client.port": 51022}),
    ("postfix", MX.format("smtp", "4F3A21C0D2: to=<ada@example.org>, relay=none, delay=30, delays=0.1/0/30/0, dsn=4.4.1, status=deferred"
                          " (connect to mail.example.org[198.51.100.9]:25: Connection timed out)"),
     {"server.address": "198.51.100.9", "server.port": 25, "server.domain": "mail.example.org", "client.address": None}),
    ("postfix", MX.format("smtp", "4F3A21C0D2: to=<ada@example.org>, relay=a.example[198.51.100.9]:25, delay=1, dsn=4.7.0, status=deferred"
                          " (host a.example[198.51.100.9] refused to talk to me: 421 from b.example[192.0.2.17])"),
     {"server.address": "198.51.100.9", "client.address": None}),
    ("postfix", MX.format("postscreen", "CONNECT from [192.0.2.17]:51022 to [198.51.100.1]:25"),
     {"client.address": "192.0.2.17", "client.port": 51022, "server.address": "198.51.100.1", "server.port": 25}),
    ("postfix", MX.format("postscreen", "DNSBL rank 5 for [2001:db8::7]:51022"), {"client.address": "2001:db8::7", "client.port": 51022}),
    ("postfix", MX.format("smtpd", "disconnect from unknown[192.0.2.17] ehlo=1 rset=1 quit=1 commands=3"), {"postfix.rset": 1, "postfix.ehlo": 1, "client.address": "192.0.2.17"}),
    ("rethinkdb", "2024-03-14T09:26:53.123456 1.5s notice: Running rethinkdb 2.4.2", {"rethinkdb.uptime_s": 1.5}),
    ("logstash_text", "[2022-09-14T09:31:20,934][INFO ][logstash.javapipeline    ][main] Pipeline started",
     {"log.logger": "logstash.javapipeline", "logstash.pipeline.id": "main", "elasticsearch.node.name": None}),
    ("pgbouncer", "2024-03-14 09:26:53.123 UTC [4711] WARNING C-0x55d: (nodb)/(nouser)@unix(4712):6432 pooler error: no such user",
     {"user.name": None, "db.namespace": None, "client.address": None, "pgbouncer.peer_pid": 4712}),
    ("pgbouncer", "2024-03-14 09:26:53.123 UTC [4711] LOG S-0x55e: shop/ada@10.0.0.1:5432 new connection to server",
     {"user.name": "ada", "server.address": "10.0.0.1", "server.port": 5432, "client.address": None}),
    ("haproxy", 'Mar 14 09:26:53 lb haproxy[4711]: unix:1 [14/Mar/2024:09:26:53.123] www shop/web-1 0/0/1/21/22 200 938 - - ---- 4/4/3/3/0 0/0 "GET / HTTP/1.1"',
     {"client.address": None, "client.port": None, "network.transport": "unix", "haproxy.socket_id": 1}),
    ("zeek_json", '{"ts":1710404813.1,"uid":"C","id.orig_h":"192.0.2.17","id.orig_p":8,"id.resp_h":"198.51.100.9","id.resp_p":0,"proto":"icmp"}',
     {"icmp.type": 8, "icmp.code": 0, "source.port": None, "destination.port": None, "source.address": "192.0.2.17"}),
    ("suricata_fast", "03/14/2024-09:26:53.251216  [**] [1:469:3] ICMP PING [**] [Priority: 2] {ICMP} 192.0.2.17:8 -> 198.51.100.9:0",
     {"icmp.type": 8, "icmp.code": 0, "source.port": None, "destination.port": None}),
    ("suricata_fast", "03/14-09:26:54.000001  [**] [1:469:3] ICMP PING [**] [Priority: 2] {ICMP} 2001:db8::5 -> 2001:db8::1",
     {"source.address": "2001:db8::5", "destination.address": "2001:db8::1", "icmp.type": None, "source.port": None}),
    ("suricata_fast", "03/14-09:26:54.000001  [**] [1:469:3] x [**] [Priority: 2] {TCP} 2001:0db8:0000:0000:0000:0000:0000:0005:51022 -> 2001:db8::1:443",
     {"source.address": "2001:0db8:0000:0000:0000:0000:0000:0005", "source.port": 51022}),
    ("auditd", 'type=EXECVE msg=audit(1710404815.123:102): argc=3 a0="ls" a1="17" a2=2F746D702F6120', {"audit.a2": "/tmp/a ", "audit.a1": "17"}),
    ("auditd", "type=SYSCALL msg=audit(1710404815.123:102): arch=c000003e syscall=59 a0=55d1 a1=7f pid=4711", {"audit.a0": "55d1", "process.pid": 4711}),
    ("auditd", "type=USER_AUTH msg=audit(1710404813.123:100): pid=4711 uid=0 msg='op=password acct=\"(unknown)\" addr=192.0.2.17 res=failed'",
     {"user.name": None, "client.address": "192.0.2.17"}),
    ("kubernetes_audit", ('{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a1","stage":"ResponseComplete","requestURI":"/api","verb":"list",'
      '"user":{"username":"ada"},"sourceIPs":["192.0.2.17","10.0.0.1"],"requestReceivedTimestamp":"2024-03-14T09:26:53.123456Z"}'),
     {"client.address": "192.0.2.17", "k8s.audit.source_ips": ["192.0.2.17", "10.0.0.1"]}),
    ("aws_cloudtrail", ('{"eventVersion":"1.08","eventTime":"2024-03-14T09:26:53Z","eventSource":"kms.amazonaws.com","eventName":"Decrypt","sourceIPAddress":"AWS Internal",'
      '"eventID":"e1"}'), {"client.address": None, "aws.cloudtrail.source_ip_address": "AWS Internal"}),
    ("sonicwall", 'id=firewall sn=0017C5000001 time="2024-03-14 09:26:53" fw=203.0.113.1 pri=1 c=32 m=608 msg="x" src=[2001:db8::5]:443:X1 dst=[2001:db8::6]',
     {"source.address": "2001:db8::5", "source.port": 443, "sonicwall.source_interface": "X1", "destination.address": "2001:db8::6"}),
    ("torchserve", '2024-03-14T09:26:53,817 [INFO ] W-9003-shop_1 ACCESS_LOG - /[0:0:0:0:0:0:0:1]:65308 "GET /ping HTTP/1.1" 200 12',
     {"client.address": "0:0:0:0:0:0:0:1", "client.port": 65308}),
    ("logfmt", 'at=info method=GET path="/shop" host=shop.example.org fwd="192.0.2.17, 198.51.100.2" status=200',
     {"client.address": "192.0.2.17", "http.request.header.x_forwarded_for": "192.0.2.17, 198.51.100.2"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "line", "values"), LINES)
def test_each_value_stands_where_it_belongs(name: str, line: str, values: dict[str, Value]) -> None:
    attributes = record_of(name, line).attributes
    assert {key: attributes.get(key) for key in values} == values


@pytest.mark.parametrize(
    ("line", "stamp"),
    [
        (FORTI + "eventtime=1557513467369913239", "2019-05-10T18:37:47.369913239Z"),
        (FORTI + "eventtime=1557513467", "2019-05-10T18:37:47Z"),
        (FORTI + 'eventtime=1557513467 tz="+0200"', "2019-05-10T09:37:47Z"),
    ],
)
def test_a_local_time_beside_an_epoch_is_that_of_the_epoch(line: str, stamp: str) -> None:
    record = record_of("fortinet", line)
    assert (record.timestamp, record.timestamp_assumed) == (stamp, None)


def test_a_slow_query_without_a_zone_has_the_time_of_its_statement() -> None:
    text = "# Time: 180613 11:04:36\n# User@Host: root[root] @ localhost []\n# Query_time: 2.0  Lock_time: 0.0\nSET timestamp=1528898676;\nselect sleep(2);"
    record = record_of("mysql_slow", text)
    assert (record.timestamp, record.timestamp_assumed) == ("2018-06-13T14:04:36Z", None)


def test_logstash_is_not_taken_for_elasticsearch() -> None:
    line = '[2022-09-14T09:31:20,934][INFO ][logstash.javapipeline    ][main] Pipeline started {"pipeline.id"=>"main"}\n'
    assert read(line.encode() * 3)[0] == "logstash_text"
    assert (
        read(line.replace("logstash.javapipeline    ][", "o.e.n.Node               ] [").encode() * 3)[0]
        == "elasticsearch"
    )


def test_a_duration_before_the_level_is_neither_thread_nor_logger() -> None:
    (record,) = records("2024-03-14T09:26:53Z 0.123s notice: running\n")
    assert not {"thread.name", "log.logger"} & record.attributes.keys()
    assert (record.severity_text, record.body) == ("notice", "running")
