"""Logstash's standard pattern names, written for Python's matcher, without any that can backtrack without bound.

They match what https://github.com/logstash-plugins/logstash-patterns-core documents, with its
names of fields (ECS) translated to those of the OpenTelemetry conventions. If the original definition of a name
could take unbounded time (UNIXPATH, URIPROTO), this one matches the same text in one way only.
"""

from __future__ import annotations

from typing import Final

_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|[01][0-9]{2}|[0-9]{1,2})"
_HEX: Final = r"[0-9A-Fa-f]{1,4}"
_V4: Final = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_V6: Final = (
    rf"(?:(?:{_HEX}:){{7}}(?:{_HEX}|:)|(?:{_HEX}:){{1,6}}(?:{_V4}|(?::{_HEX}){{0,4}}:{_V4}|(?::{_HEX}){{1,6}}|:)|::(?:(?:{_HEX}:){{0,5}}{_V4}|{_HEX}(?::{_HEX}){{0,6}})?)"
    r"(?![0-9A-Fa-f]|:[0-9A-Fa-f:])(?:%[0-9A-Za-z._-]{1,32})?"
)
_IDENTIFIER: Final = r"[A-Za-z$_][A-Za-z0-9$_]*+"

_BASE: Final = {
    "USERNAME": r"[a-zA-Z0-9._-]+",
    "USER": "%{USERNAME}",
    "EMAILLOCALPART": r"[a-zA-Z0-9!#$%&'*+\-/=?^_`{|}~][a-zA-Z0-9!#$%&'*+\-/=?^_`{|}~.]{0,63}",
    "EMAILADDRESS": "%{EMAILLOCALPART}@%{HOSTNAME}",
    "INT": r"[+-]?[0-9]+",
    "BASE10NUM": r"(?<![0-9.+-])(?>[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+))",
    "NUMBER": "%{BASE10NUM}",
    "BASE16NUM": r"(?<![0-9A-Fa-f])[+-]?(?:0x)?[0-9A-Fa-f]+",
    "BASE16FLOAT": r"\b(?<![0-9A-Fa-f.])[+-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?|\.[0-9A-Fa-f]+)\b",
    "POSINT": r"\b[1-9][0-9]*\b",
    "NONNEGINT": r"\b[0-9]+\b",
    "WORD": r"\b\w+\b",
    "NOTSPACE": r"\S+",
    "SPACE": r"\s*",
    "DATA": r".*?",
    "GREEDYDATA": r".*",
    "QUOTEDSTRING": r"""(?>(?<!\\)(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"|'[^'\\]*+(?:\\.[^'\\]*+)*+'|`[^`\\]*+(?:\\.[^`\\]*+)*+`))""",
    "QS": "%{QUOTEDSTRING}",
    "UUID": r"[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}",
    "URN": r"urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:[0-9A-Za-z()+,.:=@;$_!*'/?#%-]+",
    "MAC": "(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})",
    "CISCOMAC": r"(?:[A-Fa-f0-9]{4}\.){2}[A-Fa-f0-9]{4}",
    "WINDOWSMAC": r"(?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2}",
    "COMMONMAC": r"(?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2}",
    "IPV6": _V6,
    "IPV4": rf"(?<![0-9]){_V4}(?![0-9])",
    "IP": "(?:%{IPV6}|%{IPV4})",
    "HOSTNAME": r"\b[0-9A-Za-z][0-9A-Za-z-]{0,62}(?:\.[0-9A-Za-z][0-9A-Za-z-]{0,62})*\.?",
    "HOST": "%{HOSTNAME}",
    "IPORHOST": "(?:%{IP}|%{HOSTNAME})",
    "HOSTPORT": "%{IPORHOST}:%{POSINT}",
    "PATH": "(?:%{UNIXPATH}|%{WINPATH})",
    "UNIXPATH": r"/[\w%!$@:.,+~/\\-]*",
    "TTY": r"/dev/(?:pts|tty[pq]?)(?:[A-Za-z_]\w*)?/?[0-9]+",
    "WINPATH": r"(?:[A-Za-z]+:|\\)(?:\\[^\\?*]*+)++",
    "URIPROTO": r"[A-Za-z][A-Za-z0-9+.-]+",
    "URIHOST": "%{IPORHOST}(?::%{POSINT})?",
    "URIPATH": r"/[A-Za-z0-9$.+!*'(){},~:;=@#%&_/-]*",
    "URIQUERY": r"[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\-\[\]<>]*",
    "URIPARAM": r"\?%{URIQUERY}",
    "URIPATHPARAM": r"%{URIPATH}(?:\?%{URIQUERY})?",
    "URI": r"%{URIPROTO}://(?:%{USER}(?::[^@\s]*)?@)?(?:%{URIHOST})?(?:%{URIPATH}(?:\?%{URIQUERY})?)?",
    "MONTH": (
        r"\b(?:[Jj]an(?:uary|uar)?|[Ff]eb(?:ruary|ruar)?|[Mm][aä]?r(?:ch|z)?|[Aa]pr(?:il)?|[Mm]a[yi]?|[Jj]un[ei]?"
        r"|[Jj]ul[yi]?|[Aa]ug(?:ust)?|[Ss]ep(?:tember)?|[Oo][ck]?t(?:ober)?|[Nn]ov(?:ember)?|[Dd]e[cz](?:ember)?)\b"
    ),
    "MONTHNUM": r"(?:0?[1-9]|1[0-2])",
    "MONTHNUM2": r"(?:0[1-9]|1[0-2])",
    "MONTHDAY": r"(?:0[1-9]|[12][0-9]|3[01]|[1-9])",
    "DAY": (
        r"(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)"
    ),
    "YEAR": r"(?>[0-9]{2}){1,2}",
    "HOUR": r"(?:2[0-3]|[01]?[0-9])",
    "MINUTE": r"[0-5][0-9]",
    "SECOND": r"(?:60|[0-5]?[0-9])(?:[:.,][0-9]+)?",
    "TIME": r"(?<![0-9])%{HOUR}:%{MINUTE}:%{SECOND}(?![0-9])",
    "DATE_US": r"%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}",
    "DATE_EU": r"%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}",
    "ISO8601_TIMEZONE": r"(?:Z|[+-]%{HOUR}(?::?%{MINUTE}))",
    "ISO8601_SECOND": "%{SECOND}",
    "TIMESTAMP_ISO8601": (
        "%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?"
    ),
    "TIMESTAMP_CN": r"%{YEAR}-%{MONTHNUM}-%{MONTHDAY} %{HOUR}:%{MINUTE}:%{SECOND}",
    "DATE": "(?:%{DATE_US}|%{DATE_EU})",
    "DATESTAMP": "%{DATE}[- ]%{TIME}",
    "TZ": r"(?:[APMCE][SD]T|UTC)",
    "DATESTAMP_RFC822": "%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}",
    "DATESTAMP_RFC2822": "%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}",
    "DATESTAMP_OTHER": "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}",
    "DATESTAMP_EVENTLOG": "%{YEAR}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}",
    "SYSLOGTIMESTAMP": "%{MONTH} +%{MONTHDAY} %{TIME}",
    "PROG": r"[\x21-\x5a\x5c\x5e-\x7e]+",
    "SYSLOGPROG": r"%{PROG:process.name}(?:\[%{POSINT:process.pid:int}\])?",
    "SYSLOGHOST": "%{IPORHOST}",
    "SYSLOGFACILITY": "<%{NONNEGINT:syslog.facility.code:int}\\.%{NONNEGINT:syslog.severity.code:int}>",
    "HTTPDATE": "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}",
    "SYSLOGBASE": (
        "%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:host.name} %{SYSLOGPROG}:"
    ),
    "LOGLEVEL": (
        r"(?:[Aa]lert|ALERT|[Tt]race|TRACE|[Dd]ebug|DEBUG|[Nn]otice|NOTICE|[Ii]nfo?(?:rmation)?|INFO?(?:RMATION)?"
        r"|[Ww]arn?(?:ing)?|WARN?(?:ING)?|[Ee]rr?(?:or)?|ERR?(?:OR)?|[Cc]rit?(?:ical)?|CRIT?(?:ICAL)?|[Ff]atal|FATAL"
        r"|[Ss]evere|SEVERE|EMERG(?:ENCY)?|[Ee]merg(?:ency)?)"
    ),
}
_HTTPD: Final = {
    "HTTPDUSER": "(?:%{EMAILADDRESS}|%{USER})",
    "HTTPDERROR_DATE": "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{YEAR}",
    "HTTPD_COMMONLOG": (
        r"%{IPORHOST:client.address} (?:-|%{HTTPDUSER:ident}) (?:-|%{HTTPDUSER:user.name}) \[%{HTTPDATE:timestamp}\]"
        r' "(?:%{WORD:http.request.method} %{NOTSPACE:url.original}(?: HTTP/%{NUMBER:network.protocol.version})?|%{DATA:request})"'
        r" (?:-|%{INT:http.response.status_code:int}) (?:-|%{INT:http.response.body.size:int})"
    ),
    "HTTPD_COMBINEDLOG": (
        '%{HTTPD_COMMONLOG} "(?:-|%{DATA:http.request.header.referer})" "(?:-|%{DATA:user_agent.original})"'
    ),
    "COMMONAPACHELOG": "%{HTTPD_COMMONLOG}",
    "COMBINEDAPACHELOG": "%{HTTPD_COMBINEDLOG}",
    "HTTPD20_ERRORLOG": (
        r"\[%{HTTPDERROR_DATE:timestamp}\] \[%{LOGLEVEL:level}\] (?:\[client %{IPORHOST:client.address}\] )?"
        "%{GREEDYDATA:message}"
    ),
    "HTTPD24_ERRORLOG": (
        r"\[%{HTTPDERROR_DATE:timestamp}\] \[(?:%{WORD:apache.module})?:%{LOGLEVEL:level}\]"
        r" \[pid %{POSINT:process.pid:int}(?::tid %{INT:thread.id:int})?\]"
        r"(?: \[client %{IPORHOST:client.address}(?::%{POSINT:client.port:int})?\])? %{GREEDYDATA:message}"
    ),
    "HTTPD_ERRORLOG": "(?:%{HTTPD20_ERRORLOG}|%{HTTPD24_ERRORLOG})",
}
_JAVA: Final = {
    "JAVACLASS": rf"(?:{_IDENTIFIER}\.)*{_IDENTIFIER}",
    "JAVAFILE": r"[A-Za-z0-9$_. -]+",
    "JAVAMETHOD": rf"(?:<(?:cl)?init>|{_IDENTIFIER})",
    "JAVASTACKTRACEPART": (
        r"%{SPACE}at %{JAVACLASS:code.namespace}\.%{JAVAMETHOD:code.function.name}"
        r"\(%{JAVAFILE:code.file.path}(?::%{INT:code.line.number:int})?\)"
    ),
    "JAVATHREAD": r"[A-Z]{2}-Processor[0-9]+",
    "JAVALOGMESSAGE": r".*",
    "CATALINA7_DATESTAMP": "%{MONTH} %{MONTHDAY}, %{YEAR} %{HOUR}:%{MINUTE}:%{SECOND} (?:AM|PM)",
    "CATALINA8_DATESTAMP": "%{MONTHDAY}-%{MONTH}-%{YEAR} %{HOUR}:%{MINUTE}:%{SECOND}",
    "CATALINA_DATESTAMP": "(?:%{CATALINA8_DATESTAMP}|%{CATALINA7_DATESTAMP})",
    "CATALINALOG": (
        r"%{CATALINA_DATESTAMP:timestamp} %{LOGLEVEL:level} \[%{DATA:thread.name}\] %{JAVACLASS:log.logger}"
        " %{JAVALOGMESSAGE:message}"
    ),
    "TOMCAT_DATESTAMP": (
        "(?:%{CATALINA8_DATESTAMP}|%{CATALINA7_DATESTAMP}|%{YEAR}-%{MONTHNUM}-%{MONTHDAY} %{HOUR}:%{MINUTE}:%{SECOND}"
        "(?: %{ISO8601_TIMEZONE})?)"
    ),
    "TOMCATLOG": (
        r"%{TOMCAT_DATESTAMP:timestamp} \| %{LOGLEVEL:level} \| %{JAVACLASS:log.logger} - %{JAVALOGMESSAGE:message}"
    ),
}
_SYSLOG: Final = {
    "SYSLOG5424PRINTASCII": r"[!-~]+",
    "SYSLOGBASE2": (
        "(?:%{SYSLOGTIMESTAMP:timestamp}|%{TIMESTAMP_ISO8601:timestamp})(?: %{SYSLOGFACILITY})?"
        "(?: %{SYSLOGHOST:host.name})?(?: %{SYSLOGPROG}:)?"
    ),
    "SYSLOGLINE": "%{SYSLOGBASE2} %{GREEDYDATA:message}",
    "SYSLOGPAMSESSION": (
        r"%{SYSLOGBASE} %{WORD:pam.module}\(%{DATA:pam.origin}\): session %{WORD:pam.session_state}"
        r" for user %{USERNAME:user.name}(?: by %{GREEDYDATA:pam.by})?"
    ),
    "CRON_ACTION": r"[A-Z ]+",
    "CRONLOG": r"%{SYSLOGBASE} \(%{USER:user.name}\) %{CRON_ACTION:cron.action} \(%{DATA:message}\)",
    "SYSLOG5424PRI": "<%{NONNEGINT:syslog.priority:int}>",
    "SYSLOG5424SD": r"(?:\[[^\]]*\])+",
    "SYSLOG5424BASE": (
        "%{SYSLOG5424PRI}%{NONNEGINT:syslog.version:int} +(?:-|%{TIMESTAMP_ISO8601:timestamp}) +(?:-|%{IPORHOST:host.name})"
        " +(?:-|%{SYSLOG5424PRINTASCII:service.name}) +(?:-|%{SYSLOG5424PRINTASCII:process.pid:int})"
        " +(?:-|%{SYSLOG5424PRINTASCII:syslog.msgid}) +(?:-|%{SYSLOG5424SD:syslog.structured_data})?"
    ),
    "SYSLOG5424LINE": "%{SYSLOG5424BASE} +%{GREEDYDATA:message}",
}
_OTHERS: Final = {
    "RUBY_LOGLEVEL": "(?:DEBUG|FATAL|ERROR|WARN|INFO)",
    "RUBY_LOGGER": (
        r"[DFEWI], \[%{TIMESTAMP_ISO8601:timestamp} #%{POSINT:process.pid:int}\] *%{RUBY_LOGLEVEL:level} -- +%{DATA:log.logger}:"
        " %{GREEDYDATA:message}"
    ),
    "RCONTROLLER": r"(?:[^#]+)#(?:\w+)",
    "REDISTIMESTAMP": "%{MONTHDAY} %{MONTH} %{TIME}",
    "REDISLOG": r"\[%{POSINT:process.pid:int}\] %{REDISTIMESTAMP:timestamp} \* %{GREEDYDATA:message}",
    "POSTGRESQL": (
        "%{DATESTAMP:timestamp} %{TZ:zone} %{DATA:user.name} %{GREEDYDATA:connection_id} %{POSINT:process.pid:int}"
    ),
    "NAGIOSTIME": r"\[%{NUMBER:timestamp}\]",
    "HAPROXYTIME": r"%{HOUR}:%{MINUTE}:%{SECOND}",
    "HAPROXYDATE": "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{HAPROXYTIME}",
    "S3_REQUEST_LINE": (
        "(?:%{WORD:http.request.method} %{NOTSPACE:url.original}(?: HTTP/%{NUMBER:network.protocol.version})?|%{DATA:request})"
    ),
}

GROK: Final = {**_BASE, **_HTTPD, **_JAVA, **_SYSLOG, **_OTHERS}
"""Name → pattern, which may use other names."""
