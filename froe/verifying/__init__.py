"""Verifies a file: reads its object again by its plan, and compares all that is stored of it.

Promise: what is `proved` is stored whole and once: every record and reject of the object is in its place, field by
field, in the table and in the sink, and nothing else is in any partition that the file may have; its marks, seals and
sums are those of the cuts. The plan is what is read by, and is not compared. Memory: a batch, what is stored of it, an
object of the sink, and the seals.
"""

from froe.verifying.file import verify
from froe.verifying.sink import FindsRows
from froe.verifying.verdicts import Difference, Verdict

__all__ = ["Difference", "FindsRows", "Verdict", "verify"]
