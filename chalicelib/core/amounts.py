"""Amounts in sentences."""


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 line`, `2,000 lines`; many: by default the one with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
