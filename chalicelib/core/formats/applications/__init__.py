"""What applications and their loggers write."""

from typing import Final

MODULES: Final[dict[str, tuple[str, ...]]] = {
    "java": (
        "log4j", "logback", "hadoop", "spring_boot", "jboss", "zookeeper", "spark", "hdfs_compact",
        "java_util_logging", "tomcat_juli", "weblogic", "activemq", "presto_http",
    ),
    "python": (
        "python_logging", "loguru", "airflow", "openstack", "uvicorn", "uwsgi", "django_server", "home_assistant", "sabnzbd",
    ),
    "scripts": ("ruby_logger", "rails", "monolog", "php_error", "go_log", "gin", "nestjs"),
    "dotnet": ("dotnet_console", "nlog", "serilog_text"),
    "devices": (
        "logcat", "health_app", "proxifier", "windows_cbs", "macos_unified", "bgl", "thunderbird", "hpc",
    ),
    "products": (
        "ambari_alerts", "calico", "datadog_agent", "endlessh", "torchserve", "webmin", "zoneminder", "samba_auth",
        "thehive", "statsd", "bacula", "puppet_kafo", "exchange_smtp", "exchange_connectivity", "bracketed_requests",
        "weave_npc", "tcf",
    ),
    "json_lines": ("json",),
}
"""Module of this package → the formats in its `FORMATS`."""
