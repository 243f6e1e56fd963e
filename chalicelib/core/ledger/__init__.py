"""The arithmetic of the ledger: marks, seals and sums add up to accounts."""
