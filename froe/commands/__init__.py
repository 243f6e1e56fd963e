"""One module per command, or per pair that reads alike; `froe.cli` finds them."""
