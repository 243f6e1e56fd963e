"""Audits, events and JSON logs of Kubernetes and Docker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.core.formats.json_text import flat_object
from chalicelib.core.formats.kinds import is_ip
from chalicelib.core.formats.objects import Objects, joined

if TYPE_CHECKING:
    from chalicelib.core.records import Value


def _audited(fields: dict[str, Value], _body: str | None) -> None:
    addresses = fields.get("k8s.audit.source_ips")
    if type(addresses) is list and addresses and type(addresses[0]) is str and is_ip(addresses[0]):
        fields.setdefault("client.address", addresses[0])


def _is_audit(fields: dict[str, Value]) -> bool:
    return str(fields["apiVersion"]).startswith("audit.k8s.io/")


def _is_klog(fields: dict[str, Value]) -> bool:
    return type(fields["v"]) is int and type(fields["ts"]) in (int, float)


FORMATS: Final = tuple(map(Objects.format, (
    Objects(
        name="kubernetes_audit",
        title="Kubernetes audit events",
        source="https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/",
        samples=(
            '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"c5f48f91","stage":"ResponseComplete",'
            '"requestURI":"/api/v1/namespaces/shop/pods?limit=500","verb":"list","user":{"username":"ada","groups":'
            '["system:authenticated"]},"sourceIPs":["192.0.2.17"],"userAgent":"kubectl/v1.29.0","objectRef":{"resource":'
            '"pods","namespace":"shop","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":200},'
            '"requestReceivedTimestamp":"2024-03-14T09:26:53.123456Z","stageTimestamp":"2024-03-14T09:26:53.223456Z",'
            '"annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":""}}',
            '{"kind":"Event","apiVersion":"audit.k8s.io/v1beta1","level":"Request","auditID":"c5f48f92",'
            '"stage":"RequestReceived","requestURI":"/apis","verb":"get","user":{"username":"system:anonymous"},'
            '"requestReceivedTimestamp":"2024-03-14T09:26:54.123456Z"}',
        ),
        required=("kind", "apiVersion", "auditID", "stage", "verb"),
        specificity=0.999,
        time=("requestReceivedTimestamp", "stageTimestamp", "timestamp"),
        confirms=_is_audit,
        names={
            "user.username": "user.name", "user.uid": "user.id", "user.groups": "user.roles",
            "userAgent": "user_agent.original", "requestURI": "url.original", "verb": "k8s.audit.verb",
            "level": "k8s.audit.level", "auditID": "k8s.audit.id", "stage": "k8s.audit.stage",
            "sourceIPs": "k8s.audit.source_ips", "responseStatus.code": "http.response.status_code",
            "objectRef.namespace": "k8s.namespace.name", "stageTimestamp": "k8s.audit.stage_timestamp",
            "kind": "k8s.audit.kind", "apiVersion": "k8s.audit.api_version",
        },
        prefixes={"objectRef.": "k8s.audit.object.", "responseStatus.": "k8s.audit.response."},
        finish=_audited,
        heading=joined("k8s.audit.verb", "url.original"),
    ),
    Objects(
        name="klog_json",
        title="Kubernetes components, JSON (--logging-format=json)",
        source="https://kubernetes.io/docs/concepts/cluster-administration/system-logs/#json-log-format",
        samples=(
            '{"ts":1710404813123.4567,"caller":"server/pay.go:42","msg":"Pod status updated","v":4,"pod":{"name":"web-1",'
            '"namespace":"shop"},"status":"ready"}',
            '{"ts":1710404814.04728,"logger":"kubelet","msg":"Failed","v":0,"err":"reset"}',
        ),
        required=("ts", "msg", "v"),
        foreign=("level", "hostname", "time"),
        specificity=0.997,
        time=("ts",),
        body=("msg",),
        confirms=_is_klog,
        names={
            "caller": "code.file.path", "logger": "log.logger", "err": "error.message", "v": "klog.verbosity",
            "pod.name": "k8s.pod.name", "pod.namespace": "k8s.namespace.name",
        },
        requests=True,
    ),
    Objects(
        name="docker_events",
        title="Docker events (docker events --format json)",
        source="https://docs.docker.com/reference/cli/docker/system/events/",
        samples=(
            '{"status":"start","id":"4c01db0b339c","from":"shop:1.2","Type":"container","Action":"start","Actor":{"ID":'
            '"4c01db0b339c","Attributes":{"image":"shop:1.2","name":"web-1"}},"scope":"local","time":1710404813,'
            '"timeNano":1710404813123456789}',
        ),
        read=flat_object,
        required=("Type", "Action", "Actor.ID", "timeNano|time"),
        specificity=0.998,
        time=("timeNano", "time"),
        names={
            "Type": "docker.event.type", "Action": "docker.event.action", "Actor.ID": "docker.actor.id",
            "Actor.Attributes.name": "container.name", "Actor.Attributes.image": "container.image.name",
            "id": "container.id", "from": "docker.from", "status": "docker.status", "scope": "docker.scope",
        },
        prefixes={"Actor.Attributes.": "docker.actor."},
        heading=joined("docker.event.type", "docker.event.action"),
    ),
)))  # fmt: skip
