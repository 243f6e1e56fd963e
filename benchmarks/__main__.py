"""`python -m benchmarks`: every table, as ratios; single figures mean little on a shared machine."""

from benchmarks import formats, hostile, ledger, peers, pipeline, starting, store

if __name__ == "__main__":
    pipeline.main()
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
