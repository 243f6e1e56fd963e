"""What container runtimes and Kubernetes write around the lines of others."""

from typing import Final

MODULES: Final[dict[str, tuple[str, ...]]] = {
    "docker_json": ("docker_json",),
    "k8s_cri": ("k8s_cri",),
    "klog": ("klog", "glog"),
    "prefixed": ("svlogd", "docker_compose", "kubectl_prefix", "stern", "container_times", "heroku"),
    "harbor": ("harbor",),
    "loki": ("loki",),
    "json_events": ("kubernetes_audit", "klog_json", "docker_events"),
}
"""Module of this package → the formats in its `FORMATS`."""
