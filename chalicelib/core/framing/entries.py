"""From blocks of text to entries, and from a batch back to its entries.

Cuts depend on the text and the limits alone, never on where blocks begin. Bytes are framed and nothing
is decoded. No more is held than a block, an entry and a batch; of an entry over its limit no more than
its head.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from chalicelib.core.framing import Entry, Framing, Kind, Piece, Run, TooLong
from chalicelib.core.framing.headers import Headers
from chalicelib.core.framing.json.values import entries_of_json
from chalicelib.core.framing.lines import entries_of_lines
from chalicelib.core.framing.padding import is_padding, lines_in
from chalicelib.core.framing.streams import entries_of_streams, units_of_streams
from chalicelib.core.framing.xml_elements import entries_of_elements


def entries_in(
    blocks: Iterable[bytes],
    framing: Framing,
    offset: int,
    max_bytes: int,
    *,
    aligned: bool,
    context: str | None = None,
) -> Iterator[Piece]:
    """The entries of a text from an offset on. context: in force there.

    aligned: whether an entry begins there; otherwise the blocks begin before it, and an entry that only begins there is
    skipped.
    """
    if framing.kind is Kind.JSON:
        return entries_of_json(blocks, framing, offset, max_bytes, context)
    if framing.kind is Kind.ELEMENTS:
        return entries_of_elements(blocks, framing.member or "", offset, max_bytes)
    if framing.kind is Kind.STREAMS:
        return units_of_streams(lines_in(blocks, offset, max_bytes), framing, max_bytes)
    pieces = entries_of_lines(blocks, framing, offset, max_bytes, aligned=aligned)
    return _under_headers(pieces, Headers(framing, context), framing) if framing.has_header else pieces


def entries_of(
    body: bytes, framing: Framing, offset: int, length: int, lines: int, cuts: Sequence[int] | None = None
) -> Iterator[Entry]:
    """Give the entries of a batch back; `offset`, `length` and `lines` are the batch's.

    cuts: for a collection, the length of each entry in bytes, negative for a gap.
    """
    if len(body) < length:
        yield Entry(offset, length, lines, body, gap=cuts is not None and cuts[0] < 0)
    elif cuts is not None:
        yield from _cut_again(body, offset, lines, cuts)
    elif framing.kind is Kind.STREAMS:
        yield from entries_of_streams(lines_in([body], offset, len(body)), framing, len(body))
    else:
        for piece in entries_of_lines([body], framing, offset, len(body), aligned=True):
            assert isinstance(piece, Run), "an entry of a batch cannot be longer than the batch"
            begin = lines_before = 0
            for end, lines_until in zip(piece.ends, piece.lines, strict=True):
                raw = piece.data[begin:end]
                lines_in_entry = lines_until - lines_before
                lines -= lines_in_entry
                if piece.offset + end == offset + length:  # only the batch says whether the text ends here
                    lines_in_entry += lines
                yield Entry(piece.offset + begin, end - begin, lines_in_entry, raw)
                begin, lines_before = end, lines_until


def _cut_again(body: bytes, offset: int, lines: int, cuts: Sequence[int]) -> Iterator[Entry]:
    """The end of the text is a line end too: what the batch counts more than it holds is its last entry's."""
    begin, has_lines = 0, b"\n" in body
    new, last = tuple.__new__, len(cuts) - 1
    for number, cut in enumerate(cuts):
        length = cut if cut > 0 else -cut
        end = begin + length
        raw = body[begin:end]
        line_ends = raw.count(b"\n") if has_lines else 0
        lines -= line_ends
        yield new(
            Entry,
            (offset + begin, length, line_ends if number < last else line_ends + lines, raw, cut < 0, None),
        )
        begin = end


def _under_headers(pieces: Iterable[Piece], headers: Headers, framing: Framing) -> Iterator[Piece]:
    """The pieces, each with the context behind it; a header line is a run of its own."""
    for piece in pieces:
        if isinstance(piece, TooLong) or (framing.has_padding and is_padding(piece.data)):
            yield piece._replace(context=headers.in_force)
            continue
        first = 0
        doubtful = iter(headers.doubtful(piece, first))
        while (number := next(doubtful, None)) is not None:
            before = headers.in_force
            begin = piece.ends[number - 1] if number else 0
            if headers.take(piece.data[begin : piece.ends[number]]):
                if first < number:
                    yield _part(piece, first, number, before)
                yield _part(piece, number, number + 1, headers.in_force)
                first = number + 1
                if before is None:
                    doubtful = iter(headers.doubtful(piece, first))
        if first == 0:
            yield piece._replace(context=headers.in_force)
        elif first < len(piece.ends):
            yield _part(piece, first, len(piece.ends), headers.in_force)


def _part(run: Run, first: int, last: int, context: str | None) -> Run:
    """The entries of a run from one number up to another."""
    begin, lines = (run.ends[first - 1], run.lines[first - 1]) if first else (0, 0)
    return Run(
        run.offset + begin,
        run.data[begin : run.ends[last - 1]],
        [end - begin for end in run.ends[first:last]],
        [number - lines for number in run.lines[first:last]],
        context,
    )
