"""What well-known services write in JSON: requests of Rails, jobs, audits, events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.applications.naming import request_line
from chalicelib.core.formats.json_text import flat_object
from chalicelib.core.formats.objects import Objects, joined

if TYPE_CHECKING:
    from chalicelib.core.records import Value


def _is_vault_audit(fields: dict[str, Value]) -> bool:
    return fields["type"] in ("request", "response")


def _is_teleport(fields: dict[str, Value]) -> bool:
    code = fields["code"]
    return type(code) is str and len(code) <= 8 and code[:1] == "T" and type(fields["event"]) is str


_OF_RAILS: Final = {
    "method": "http.request.method", "path": "url.path", "status": "http.response.status_code",
    "host": "server.address", "remote_ip": "client.address", "ip": "client.address", "ua": "user_agent.original",
    "user_agent": "user_agent.original", "username": "user.name", "user_id": "user.id",
    "controller": "rails.controller", "action": "rails.action", "format": "rails.format",
    "request_id": "http.request.id", "exception.class": "exception.type", "exception.message": "exception.message",
    "exception.backtrace": "exception.stacktrace", "meta.user": "user.name",
}  # fmt: skip

FORMATS: Final = tuple(map(Objects.format, (
    Objects(
        name="rails_json",
        title="Rails requests, JSON (lograge, GitLab's production_json.log)",
        source="https://github.com/roidrage/lograge",
        samples=(
            '{"method":"GET","path":"/orders/17","format":"html","controller":"OrdersController","action":"show","status":200,'
            '"duration":58.33,"view":40.43,"db":15.26}',
            '{"method":"POST","path":"/orders","format":"json","controller":"Api::OrdersController","action":"create",'
            '"status":422,"time":"2024-03-14T09:26:54.123Z","params":[{"key":"sku","value":"F-1"}],"remote_ip":"192.0.2.17",'
            '"user_id":7,"username":"ada","ua":"curl/8.5.0","correlation_id":"q1","duration_s":0.2}',
        ),
        required=("method", "path", "controller", "action", "status"),
        specificity=0.998,
        time=("time", "@timestamp", "timestamp"),
        level=("severity", "level"),
        body=("message",),
        names=_OF_RAILS,
        heading=request_line,
        requests=True,
    ),
    Objects(
        name="gitlab_api_json",
        title="GitLab API requests, JSON (api_json.log)",
        source="https://docs.gitlab.com/ee/administration/logs/#api_jsonlog",
        samples=(
            '{"time":"2024-03-14T09:26:53.123Z","severity":"INFO","duration":109.06,"db":14.37,"view":94.69,"status":200,'
            '"method":"GET","path":"/api/v4/projects","params":{"search":"shop"},"host":"gitlab.example.org",'
            '"ip":"192.0.2.17","ua":"Ruby","route":"/api/:version/projects","user_id":7,"username":"ada"}',
        ),
        required=("time", "severity", "status", "method", "path", "params|params.key|route", "host"),
        foreign=("controller",),
        specificity=0.997,
        time=("time",),
        level=("severity",),
        body=("message",),
        names={**_OF_RAILS, "remote_ip": "client.address"},
        heading=request_line,
        requests=True,
    ),
    Objects(
        name="sidekiq_json",
        title="Sidekiq jobs, JSON (GitLab's sidekiq.log and Sidekiq's own formatter)",
        source="https://github.com/sidekiq/sidekiq/wiki/Logging",
        samples=(
            '{"ts":"2024-03-14T09:26:53.123Z","pid":4711,"tid":"oxs1","lvl":"INFO","msg":"done",'
            '"ctx":{"class":"PayJob","jid":"7ee1","elapsed":0.046}}',
            '{"severity":"WARN","time":"2024-03-14T09:26:54.123Z","queue":"default","retry":3,"class":"PayJob","jid":"7ee2",'
            '"pid":4711,"message":"PayJob JID-7ee2: fail: 0.2 sec","job_status":"fail","error_message":"reset",'
            '"error_class":"IOError","duration_s":0.2}',
        ),
        required=("ts|time", "lvl|severity", "ctx.jid|jid|tid", "ctx.class|class|pid"),
        specificity=0.996,
        time=("ts", "time"),
        level=("lvl", "severity"),
        body=("msg", "message"),
        names={
            "pid": "process.pid", "tid": "thread.name", "ctx.class": "sidekiq.class", "class": "sidekiq.class",
            "ctx.jid": "sidekiq.jid", "jid": "sidekiq.jid", "queue": "messaging.destination.name",
            "error_class": "exception.type", "error_message": "exception.message",
            "error_backtrace": "exception.stacktrace", "ctx.elapsed": "sidekiq.elapsed",
        },
    ),
    Objects(
        name="vault_audit",
        title="HashiCorp Vault and OpenBao audit log",
        source="https://developer.hashicorp.com/vault/docs/audit",
        samples=(
            '{"time":"2024-03-14T09:26:53.123456789Z","type":"request","auth":{"display_name":"root","policies":["root"],'
            '"token_type":"service"},"request":{"id":"9adb5544-637f-3d42-9459-3684f5d21996","operation":"update",'
            '"namespace":{"id":"root"},"path":"sys/policies/acl/admin","remote_address":"192.0.2.17","remote_port":51234}}',
            '{"time":"2024-03-14T09:26:54Z","type":"response","request":{"id":"9adb5544","operation":"read",'
            '"path":"secret/data/shop"},"response":{"mount_type":"kv"},"error":"permission denied"}',
        ),
        read=flat_object,
        required=("time", "type", "request.id", "request.operation"),
        specificity=0.998,
        time=("time",),
        confirms=_is_vault_audit,
        names={
            "request.path": "url.path", "request.remote_address": "client.address",
            "request.remote_port": "client.port", "auth.display_name": "user.name", "auth.entity_id": "user.id",
            "error": "error.message", "request.id": "vault.request.id",
            "request.operation": "vault.request.operation",
        },
        prefixes={"request.": "vault.request.", "response.": "vault.response.", "auth.": "vault.auth."},
        heading=joined("vault.request.operation", "url.path"),
    ),
    Objects(
        name="teleport_audit",
        title="Teleport audit events",
        source="https://goteleport.com/docs/reference/monitoring/audit/",
        samples=(
            '{"ei":0,"event":"user.login","uid":"a487975c","code":"T1000W","time":"2024-03-14T09:26:53.123Z",'
            '"cluster_name":"teleport.example.org","user":"ada","success":false,"error":"invalid password",'
            '"method":"local","addr.remote":"192.0.2.17:34204"}',
            '{"addr.local":"198.51.100.2:3022","addr.remote":"192.0.2.17:51234","code":"T2000I","ei":0,'
            '"event":"session.start","login":"root","server_hostname":"web-1","sid":"56408539","time":"2024-03-14T09:26:54Z",'
            '"uid":"84c07a99","user":"ada"}',
        ),
        required=("ei", "event", "code", "time", "uid"),
        specificity=0.998,
        time=("time",),
        body=("message",),
        confirms=_is_teleport,
        names={
            "addr.remote": "client.address", "addr.local": "teleport.addr.local", "user": "user.name",
            "user_agent": "user_agent.original", "error": "error.message", "event": "event.name",
            "code": "teleport.code", "sid": "session.id", "server_hostname": "host.name",
            "cluster_name": "teleport.cluster_name", "namespace": "teleport.namespace",
        },
        heading=joined("event.name"),
    ),
    Objects(
        name="openappsec",
        title="open-appsec and Check Point CloudGuard events",
        source="https://docs.openappsec.io/what-is-open-appsec",
        samples=(
            '{"eventTime": "2024-03-14T09:26:53.018","eventName": "Web Request","eventSeverity": "Critical",'
            '"eventPriority": "High","eventLevel": "Log","eventLogLevel": "info","eventSource": {"agentId": "a666",'
            '"serviceName": "HTTP Transaction Handler"},"eventData": {"logIndex": 7600,"sourceIP": "192.0.2.17",'
            '"sourcePort": 34458,"httpHostName": "shop.example.org","httpMethod": "GET","httpUriPath": "/a",'
            '"securityAction": "Prevent","waapFinalScore": 1000}}',
        ),
        required=("eventTime", "eventName", "eventSeverity"),
        specificity=0.998,
        time=("eventTime",),
        level=("eventSeverity",),
        body=("eventName",),
        names={
            "eventData.sourceIP": "client.address", "eventData.sourcePort": "client.port",
            "eventData.httpHostName": "server.address", "eventData.httpMethod": "http.request.method",
            "eventData.httpUriPath": "url.path", "eventData.httpUriQuery": "url.query",
            "eventData.httpResponseCode": "http.response.status_code", "eventSource.serviceName": "service.name",
            "eventData.destinationIP": "destination.address", "eventData.destinationPort": "destination.port",
        },
        prefixes={"eventData.": "openappsec.", "eventSource.": "openappsec.source."},
    ),
    Objects(
        name="authentik",
        title="authentik (structlog), JSON lines",
        source="https://docs.goauthentik.io/",
        samples=(
            '{"action": "login_failed", "auth_via": "unauthenticated", "client_ip": "192.0.2.17", "context": {"http_request":'
            ' {"method": "POST", "path": "/api/v3/flows/"}, "username": "ada"}, "event": "Created Event",'
            ' "host": "id.example.org", "level": "info", "logger": "authentik.events.models", "pid": 4711,'
            ' "timestamp": "2024-03-14T09:26:53.598288", "user": {"pk": 2, "username": "AnonymousUser"}}',
            '{"event": "/-/health/live/", "host": "id.example.org", "level": "info", "logger": "authentik.asgi",'
            ' "method": "GET", "pid": 4711, "remote": "192.0.2.17", "runtime": 24, "scheme": "https", "status": 200,'
            ' "timestamp": "2024-03-14T09:26:54", "user": "ada", "user_agent": "curl/8.5.0"}',
        ),
        required=("event", "level", "logger", "timestamp"),
        foreign=("message", "msg"),
        specificity=0.9935,
        time=("timestamp",),
        level=("level",),
        body=("event",),
        confirms=lambda fields: str(fields["logger"]).startswith("authentik"),
        names={
            "logger": "log.logger", "context.http_request.method": "http.request.method",
            "context.http_request.path": "url.path", "context.username": "user.name", "method": "http.request.method",
            "status": "http.response.status_code", "remote": "client.address", "scheme": "url.scheme",
            "host": "server.address", "pid": "process.pid", "user": "user.name", "request_id": "http.request.id",
        },
        requests=True,
    ),
    Objects(
        name="gcp_log_entry",
        title="Google Cloud Logging, exported entries",
        source="https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry",
        samples=(
            '{"insertId":"42","jsonPayload":{"message":"ready","port":8080},"resource":{"type":"k8s_container","labels":'
            '{"cluster_name":"shop","namespace_name":"shop","pod_name":"web-1","container_name":"web","project_id":"shop-1"}},'
            '"timestamp":"2024-03-14T09:26:53.123456789Z","severity":"INFO","logName":"projects/shop-1/logs/stdout",'
            '"receiveTimestamp":"2024-03-14T09:26:54Z"}',
            '{"insertId":"43","httpRequest":{"requestMethod":"GET","requestUrl":"https://example.org/","status":200,'
            '"responseSize":"5316","userAgent":"curl/8.5.0","remoteIp":"192.0.2.17","latency":"0.05s"},"resource":'
            '{"type":"http_load_balancer","labels":{"project_id":"shop-1"}},"timestamp":"2024-03-14T09:26:55Z",'
            '"severity":"WARNING","logName":"projects/shop-1/logs/requests"}',
            '{"textPayload":"declined","insertId":"44","resource":{"type":"gce_instance","labels":{"zone":"europe-west1-b"}},'
            '"timestamp":"2024-03-14T09:26:56Z","severity":"ERROR","logName":"projects/shop-1/logs/shop"}',
        ),
        read=flat_object,
        required=("insertId", "logName", "resource.type", "timestamp|receiveTimestamp"),
        specificity=0.998,
        time=("timestamp", "receiveTimestamp"),
        level=("severity",),
        body=("textPayload", "jsonPayload.message", "jsonPayload.msg", "protoPayload.methodName"),
        names={
            "httpRequest.requestMethod": "http.request.method", "httpRequest.requestUrl": "url.full",
            "httpRequest.status": "http.response.status_code", "httpRequest.responseSize": "http.response.body.size",
            "httpRequest.requestSize": "http.request.body.size", "httpRequest.userAgent": "user_agent.original",
            "httpRequest.remoteIp": "client.address", "httpRequest.serverIp": "server.address",
            "httpRequest.referer": "http.request.header.referer", "httpRequest.protocol": "network.protocol",
            "resource.labels.cluster_name": "k8s.cluster.name", "resource.labels.namespace_name": "k8s.namespace.name",
            "resource.labels.pod_name": "k8s.pod.name", "resource.labels.container_name": "k8s.container.name",
            "resource.labels.project_id": "cloud.account.id", "resource.labels.zone": "cloud.availability_zone",
            "resource.labels.region": "cloud.region", "resource.labels.location": "cloud.region",
            "resource.labels.instance_id": "host.id", "trace": "trace_id", "spanId": "span_id",
            "sourceLocation.file": "code.file.path", "sourceLocation.line": "code.line.number",
            "sourceLocation.function": "code.function.name", "insertId": "gcp.insert_id", "logName": "gcp.log_name",
            "receiveTimestamp": "gcp.receive_timestamp", "resource.type": "gcp.resource.type",
            "protoPayload.authenticationInfo.principalEmail": "user.name",
            "protoPayload.requestMetadata.callerIp": "client.address",
            "protoPayload.requestMetadata.callerSuppliedUserAgent": "user_agent.original",
            "protoPayload.serviceName": "service.name",
        },
        heading=request_line,
    ),
)))  # fmt: skip
