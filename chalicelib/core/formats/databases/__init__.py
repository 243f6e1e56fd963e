"""Databases, caches and brokers."""

from typing import Final

MODULES: Final[dict[str, tuple[str, ...]]] = {
    "stores": (
        "cassandra", "clickhouse", "couchdb", "arangodb", "rethinkdb", "voltdb", "singlestore", "ceph", "etcd",
    ),
    "caches": ("redis", "memcached", "kyototycoon"),
    "brokers": ("kafka", "rabbitmq", "riak", "hivemq", "nats", "mosquitto"),
    "postgresql_structured": ("postgresql_csv", "postgresql_json"),
    "postgresql": ("postgresql",),
    "mysql": ("mysql_error", "mysql_general"),
    "mysql_slow": ("mysql_slow",),
    "mongodb": ("mongodb_text", "mongodb_json"),
    "elasticsearch": ("elasticsearch", "elasticsearch_json"),
    "enterprise": ("mssql", "db2diag", "marklogic", "marklogic_access"),
    "monitors": ("nagios", "influxdb"),
    "clusters": ("couchbase", "cockroachdb", "tidb", "aerospike", "scylladb", "vertica", "oracle_alert"),
    "proxies": ("pgbouncer", "proxysql", "twemproxy"),
}  # fmt: skip
"""Module of this package → the formats in its `FORMATS`."""
