"""What applications and their loggers write."""

from typing import Final

MODULES: Final[dict[str, tuple[str, ...]]] = {
    "otlp": ("otlp_json", "otel_console"),
    "json_services": (
        "rails_json", "gitlab_api_json", "sidekiq_json", "vault_audit", "teleport_audit", "openappsec", "authentik",
        "gcp_log_entry",
    ),
    "json_layouts": ("serilog_clef", "serilog_json", "ecs", "logstash", "gelf", "log4j2_json"),
    "json_loggers": (
        "bunyan", "pino", "zap", "zerolog", "logrus_json", "slog", "structlog", "python_json", "winston",
    ),
    "json_lines": ("json",),
    "go_text": ("zap_console", "hclog", "capnslog", "calico", "datadog_agent", "apex_log", "k8s_trace"),
    "services_text": ("otel_python_text", "sidekiq", "vaultwarden"),
    "logfmt": ("logfmt", "key_value"),
}  # fmt: skip
"""Module of this package → the formats in its `FORMATS`."""
