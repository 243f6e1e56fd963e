// The batches of a file as a map: a square for each, or for a run of them; the colour is the state.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { isMoving, skippedOf } from "./account.js";
import { get } from "./api.js";
import { Chip, Empty, Facts, Notice, Raw, Text, Waiting } from "./parts.jsx";
import { go, link } from "./route.js";
import { count, plural } from "./words.js";

const SQUARES_MAX = 600;
const FIRST = 200;
const PAGE = 1000;
const WORST = ["failed", "discarded", "pending", "rejects", "done"];
const TITLES = { failed: "dead-lettered", discarded: "discarded", pending: "pending", rejects: "done, with rejects", done: "done" };

/** The batches, the first of them soon; `before`, as they were, stands for those that are not here yet. */
async function all(id, signal, before, onSome) {
  const found = [];
  let cursor = null;
  do {
    const page = await get(`files/${id}/batches`, { limit: cursor ? PAGE : FIRST, cursor }, { signal });
    found.push(...page.items);
    cursor = page.cursor;
    onSome(cursor ? [...found, ...before.slice(found.length)] : found);
  } while (cursor && !signal.aborted);
  return found;
}

const nameOf = (batch) => `${batch.split}-${batch.batch}`;

const lookOf = (batch) => (batch.state === "done" && batch.rejected.entries > 0 ? "rejects" : batch.state);

export const tallyOf = (batch) => {
  if (batch.state === "pending") return null;
  if (batch.total) return batch.total;
  const skipped = skippedOf(batch.skipped);
  return { entries: batch.parsed.entries + batch.rejected.entries, lines: batch.parsed.lines + batch.rejected.lines + skipped.lines, bytes: batch.parsed.bytes + batch.rejected.bytes + skipped.bytes };
};

/** chosen: the name of the batch that is looked at, if any: it stands in the address. */
export function Batches({ file, chosen: named }) {
  const [batches, setBatches] = useState(null);
  const [error, setError] = useState(null);
  const [zoom, setZoom] = useState(null);
  const detail = useRef(null);
  const stand = `${file.state} ${file.batches} ${file.pending.entries} ${file.dead.entries} ${file.discarded.entries} ${file.parsed.entries}`;
  const loading = useRef({ busy: false, due: false, before: [], stop: new AbortController() });
  useEffect(() => () => loading.current.stop.abort(), []);
  useEffect(() => { // a large file moves on while its batches are read: they are read to the end, and then again
    const { current } = loading;
    current.due = true;
    if (current.busy) return;
    const read = async () => {
      current.busy = true;
      try {
        while (current.due && !current.stop.signal.aborted) {
          current.due = false;
          current.before = await all(file.file_id, current.stop.signal, current.before, (some) => { setBatches(some); setError(null); });
        }
      } catch (failure) {
        if (failure.name !== "AbortError") setError(failure);
      }
      current.busy = false;
    };
    read();
  }, [stand]);

  const starts = useMemo(() => startsOf(batches ?? []), [batches]);
  const chosen = useMemo(() => (batches ?? []).findIndex((each) => nameOf(each) === named), [batches, named]);
  useEffect(() => {
    if (chosen < 0) return;
    const run = Math.ceil(batches.length / SQUARES_MAX);
    const from = chosen - (chosen % run);
    if (run > 1) setZoom((old) => (old && old[0] <= chosen && chosen < old[1] ? old : [from, Math.min(from + run, batches.length)]));
    requestAnimationFrame(() => detail.current?.scrollIntoView({ block: "nearest" }));
  }, [chosen]);
  const choose = (batch) => go(["file", file.file_id], { batch }, { replace: true });
  const { squares, width } = useMemo(() => squaresOf(batches ?? [], zoom), [batches, zoom]);
  const tally = useMemo(() => {
    const of = Object.fromEntries(WORST.map((look) => [look, 0]));
    for (const batch of batches ?? []) of[lookOf(batch)] += 1;
    return of;
  }, [batches]);
  if (error && !batches) return <Notice error={error} />;
  if (!batches) return <Waiting what="Loading the batches" />;
  if (!batches.length) return <Empty>{isMoving(file) ? "No batch has been cut yet." : "The file has no batches."}</Empty>;
  const pick = (square) => {
    if (square.run.length > 1) {
      setZoom([square.at, square.at + square.run.length]);
      choose("");
    } else {
      choose(nameOf(square.run[0]));
    }
  };
  return (
    <section aria-labelledby="batches">
      <h2 id="batches" class="hidden">Batches</h2>
      <p class="keys">
        {WORST.filter((look) => tally[look]).reverse().map((look) => <span key={look}><span class={`swatch batch-${look}`} />{count(tally[look])} {TITLES[look]}</span>)}
        {width > 1 && <span class="muted">a square is {plural(width, "batch", "batches")}, coloured by the worst; select one to look closer</span>}
        {zoom && <button type="button" class="quiet small" onClick={() => { setZoom(null); choose(""); }}>All batches</button>}
      </p>
      <Map squares={squares} chosen={chosen} onPick={pick} />
      <div ref={detail} aria-live="polite">
        {batches[chosen]
          ? <Batch key={batches[chosen].batch_id} file={file} batch={batches[chosen]} start={starts[chosen]} />
          : <p class="muted">Select a square to see its lines, and its error if it has one. The arrow keys move between squares.</p>}
      </div>
    </section>
  );
}

/** zoom: [from, to]. width: how many batches a square stands for. */
function squaresOf(batches, zoom) {
  const [from, to] = zoom ?? [0, batches.length];
  const width = Math.ceil((to - from) / SQUARES_MAX);
  const squares = [];
  for (let at = from; at < Math.min(to, batches.length); at += width) {
    const run = batches.slice(at, Math.min(at + width, to));
    const looks = new Set(run.map(lookOf));
    squares.push({ at, run, look: WORST.find((each) => looks.has(each)) });
  }
  return { squares, width };
}

/** Where each batch begins in the text; null behind one that is not measured yet. */
function startsOf(batches) {
  let at = 0;
  return batches.map((batch) => {
    const start = batch.offset ?? at;
    const tally = tallyOf(batch);
    at = start === null || !tally ? null : start + tally.bytes;
    return start;
  });
}

function Map({ squares, chosen, onPick }) {
  const box = useRef(null);
  const [focus, setFocus] = useState(0);
  const active = Math.min(focus, squares.length - 1);
  const move = (event) => {
    const each = box.current.children;
    const columns = [...each].findIndex((one) => one.offsetTop !== each[0].offsetTop);
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns > 0 ? columns : 0, ArrowUp: columns > 0 ? -columns : 0, Home: -active, End: squares.length - 1 - active }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(squares.length - 1, active + step));
    setFocus(next);
    each[next].focus();
  };
  return (
    <div class={squares.length > 60 ? "map" : "map few"} role="group" aria-label="Map of the batches, in the order of the text" ref={box} onKeyDown={move}>
      {squares.map((square, at) => {
        const first = square.run[0];
        const name = square.run.length > 1 ? `${square.run.length} batches from ${nameOf(first)}` : `batch ${nameOf(first)}`;
        const starts = at > 0 && square.run[0].batch === 0;
        return (
          <button
            key={first.batch_id} type="button" tabIndex={at === active ? 0 : -1} title={`${name}: ${TITLES[square.look]}`} aria-label={`${name}: ${TITLES[square.look]}`}
            class={`square batch-${square.look}${starts ? " starts" : ""}`} aria-pressed={square.run.length === 1 && chosen === square.at} onClick={() => { setFocus(at); onPick(square); }}
          />
        );
      })}
    </div>
  );
}

function Batch({ file, batch, start }) {
  const tally = tallyOf(batch);
  return (
    <article class="card">
      <div class="title"><h3>Batch {nameOf(batch)}</h3><Chip state={batch.state} /></div>
      {batch.reason && <p class="notice bad"><Text text={batch.reason} /></p>}
      <Facts pairs={[
        ["lines", tally && count(tally.lines)],
        ["bytes", tally && count(tally.bytes)],
        ["begins at byte", start !== null && start !== undefined ? count(start) : null],
        ["parsed", batch.parsed && count(batch.parsed.entries)],
        ["rejected", batch.rejected && count(batch.rejected.entries)],
        ["batch id", <span class="mono">{batch.batch_id}</span>],
        ["trace", batch.trace_url && <a href={batch.trace_url} rel="noreferrer" target="_blank">in X-Ray</a>],
      ]} />
      {batch.state === "done" && start !== null && <Lines file={file} batch={batch} start={start} />}
      {batch.state === "failed" && <Letter file={file} batch={batch} />}
      {batch.state === "pending" && <p class="muted">No worker has written it yet.</p>}
    </article>
  );
}

/** The first entries of a batch that is done, records and rejects in the order of the text. */
function Lines({ file, batch, start }) {
  const [entries, setEntries] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => {
    const stop = new AbortController();
    const of = (kind) => get(`files/${file.file_id}/${kind}`, { cursor: String(start), limit: 20 }, { signal: stop.signal });
    Promise.all([batch.parsed.entries ? of("records") : { items: [] }, batch.rejected.entries ? of("rejects") : { items: [] }])
      .then(([records, rejects]) => {
        const own = [...records.items, ...rejects.items].filter((entry) => entry.batch_id === batch.batch_id);
        setEntries(own.sort((one, other) => one.offset - other.offset).slice(0, 20));
      })
      .catch((failure) => failure.name !== "AbortError" && setError(failure));
    return () => stop.abort();
  }, [batch.batch_id]);
  if (error) return <Notice error={error} />;
  if (!entries) return <Waiting what="Loading its lines" />;
  return (
    <>
      <h4>Its first entries</h4>
      <ol class="entries">
        {entries.map((entry) => (
          <li key={entry.offset}>
            <span class="offset" title="byte of the text">{count(entry.offset)}</span>
            {entry.kind === "reject" ? <><Chip state="rejected" /> <Raw base64={entry.raw} /></> : <><span class="time">{entry.timestamp ?? ""}</span> <code><Text text={entry.body ?? JSON.stringify(entry.attributes)} /></code></>}
          </li>
        ))}
      </ol>
    </>
  );
}

function Letter({ file, batch }) {
  const [letter, setLetter] = useState(undefined);
  useEffect(() => {
    get("dead-letters", { file: file.file_id, limit: 1000 }).then((page) => setLetter(page.items.find((each) => each.batch_id === batch.batch_id) ?? null), () => setLetter(null));
  }, [batch.batch_id]);
  if (letter === undefined) return <Waiting what="Looking for its dead letter" />;
  if (!letter) return null;
  return <p><a href={link(["dead-letter", letter.dead_letter_id])}>Its dead letter, with its lines and attempts</a></p>;
}
