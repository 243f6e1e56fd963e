"""The batch queues by lane. Files of a lane that the stage no longer has go to the default queue, and that is logged."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from chalicelib.core.plan.lanes import DEFAULT
from chalicelib.delivery import Sends

NO_OTHERS: Final[Mapping[str, Sends]] = MappingProxyType({})

logger = logging.getLogger("froe")


class BatchQueues:
    """others: queues by lane."""

    def __init__(self, default: Sends, others: Mapping[str, Sends] = NO_OTHERS) -> None:
        self._queues = {DEFAULT: default, **others}

    def of_lane(self, lane: str, file_id: str) -> Sends:
        """The queue for batches of a file that was opened for that lane."""
        queue = self._queues.get(lane)
        if queue is None:
            logger.warning("lane_missing", extra={"lane": lane, "file_id": file_id})
            return self._queues[DEFAULT]
        return queue
