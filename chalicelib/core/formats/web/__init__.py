"""Web servers and proxies."""

from typing import Final

MODULES: Final[dict[str, tuple[str, ...]]] = {
    "access": ("access_common", "access_combined"),
    "access_variants": ("access_vhost", "access_forwarded", "nginx_ingress", "traefik"),
    "apache_error": ("apache_error",),
    "nginx_error": ("nginx_error",),
    "haproxy": ("haproxy",),
    "fixed": ("haproxy_clf", "iis"),
    "envoy": ("envoy",),
    "w3c": ("w3c_extended",),
    "json_access": ("caddy", "caddy_console", "traefik_json", "envoy_json", "fastly", "nginx_json"),
    "gateways": ("cloudflare", "kong"),
    "proxies": ("squid", "nginx_proxy_manager", "zoraxy", "coredns", "nginx_stream", "traefik_connections"),
    "ssl_request": ("apache_ssl_request",),
    "access_other": ("access_other",),
}
"""Module of this package → the formats in its `FORMATS`."""
