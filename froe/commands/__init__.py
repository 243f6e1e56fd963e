"""One module per command, or per pair of similar commands; `froe.cli` finds them."""
