"""What the functions emit, in the namespace Froe: name → unit and dimensions."""

from __future__ import annotations

OF_STAGE = ("Count", ("stage",))
METRICS: dict[str, tuple[str, tuple[str, ...]]] = {
    "SplitsSealed": OF_STAGE,
    "BatchesSent": OF_STAGE,
    "Lines": OF_STAGE,
    "TextBytes": ("Bytes", ("stage",)),
    "BatchesDone": OF_STAGE,
    "RecordsParsed": OF_STAGE,
    "RecordsRejected": OF_STAGE,
    "WriteUnits": OF_STAGE,
    "WriteRetries": OF_STAGE,
    "WriteThrottles": OF_STAGE,
    "ParsedByFormat": ("Count", ("stage", "format")),
    "RejectedByFormat": ("Count", ("stage", "format")),
    "StepSeconds": ("Seconds", ("stage", "step")),
    "FilesSettled": ("Count", ("stage", "state")),
    "FileSeconds": ("Seconds", ("stage",)),
    "DeadLetters": OF_STAGE,
    "FilesStalled": OF_STAGE,
}
