"""`python -m benchmarks [--json]`: every table, as ratios; single figures mean little on a shared machine."""

import sys

from benchmarks import (
    calls,
    formats,
    hostile,
    ledger,
    peers,
    pipeline,
    resuming,
    starting,
    store,
    text,
    verifying,
    whole,
)

if __name__ == "__main__":
    if "--json" in sys.argv[1:]:
        text.main(as_json=True)
        sys.exit()
    text.main()
    print()
    pipeline.main()
    print()
    calls.main()
    print()
    whole.main()
    print()
    store.main()
    print()
    formats.main()
    print()
    hostile.main()
    print()
    peers.main()
    print()
    starting.main()
    print()
    ledger.main()
    print()
    verifying.main()
    print()
    resuming.main()
