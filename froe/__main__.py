"""`python -m froe` is `froe`."""

from froe.cli import main

main(prog_name="froe")
