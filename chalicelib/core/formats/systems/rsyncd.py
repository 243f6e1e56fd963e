"""The log of an rsync daemon: time, process, message; what messages say about clients, modules and transfers is typed."""

from __future__ import annotations

from typing import Final

from chalicelib.core.formats.patterned import shaped

_PHRASES: Final = (
    "rsyncd? |connect from |sent [0-9]|send |recv |del\\. |auth failed |name lookup |building file list|receiving file list"
    "|params\\.c|unknown module |max connections |forward name lookup |reverse name lookup |secrets file "
)

RSYNCD: Final = shaped(
    "rsyncd",
    "rsync daemon",
    "https://download.samba.org/pub/rsync/rsyncd.conf.5",
    samples=(
        "2024/03/14 09:26:53 [4711] rsyncd version 3.2.7 starting, listening on port 873",
        "2024/03/14 09:27:10 [4712] connect from backup.example.org (192.0.2.7)",
        "2024/03/14 09:27:11 [4712] rsync to backups/daily from ada@backup.example.org (192.0.2.7)",
        "2024/03/14 09:27:14 [4712] sent 1541 bytes  received 88213 bytes  total size 734003",
        "2024/03/14 09:28:02 [4719] rsync denied on module private from UNKNOWN (2001:db8::7)",
    ),
    templates=(rf"{{time=[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}} {{clock}}}} \[{{pid}}\] (?={_PHRASES}){{body}}",),
    finds=(
        r"from (?:{user=[^@\s]+}@)?\S+ \({client}\)",
        r"on module {text=\S+:rsync.module} ",
        r"\Asent {int:rsync.sent_bytes} bytes  received {int:rsync.received_bytes} bytes  total size {int:rsync.total_bytes}",
        r"\A(?:send|recv) \S+ \[{client}\] {text=\S+:rsync.module} \((?:{user=[^)\s]+})?\) {text=[^\n]{1,4096}?:file.path} {int:file.size}\Z",
        r"\(code {int:rsync.exit_code}\)",
    ),
    specificity=0.97,
)

FORMATS: Final = (RSYNCD,)
