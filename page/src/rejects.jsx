// The rejects of a file, grouped by reason: the bytes as they are, and what an entry should have looked like.

import { useEffect, useState } from "preact/hooks";
import { get } from "./api.js";
import { facts } from "./facts.js";
import { Empty, Notice, Raw, Waiting } from "./parts.jsx";
import { bytes, count, plural } from "./words.js";

const PAGE = 200;
const EACH = 10;
const LOOKS_MAX = 10;

export function Rejects({ file }) {
  const [state, setState] = useState({ items: null, cursor: null, error: null, busy: false });
  const load = async (before, cursor, signal) => {
    setState((old) => ({ ...old, busy: true }));
    try {
      const items = [...before];
      for (let look = 0; look < LOOKS_MAX && (look === 0 || cursor) && items.length < before.length + PAGE; look += 1) {
        const page = await get(`files/${file.file_id}/rejects`, { limit: PAGE, cursor }, { signal });
        items.push(...page.items);
        cursor = page.cursor;
      }
      setState({ items, cursor, error: null, busy: false });
    } catch (error) {
      if (error.name !== "AbortError") setState((old) => ({ ...old, error, busy: false }));
    }
  };
  useEffect(() => {
    const stop = new AbortController();
    load([], null, stop.signal);
    return () => stop.abort();
  }, [file.file_id, file.rejected.entries]);

  const [reasons, setReasons] = useState(new Map());
  useEffect(() => {
    const stop = new AbortController();
    tally(file.file_id, stop.signal, setReasons).catch(() => {});
    return () => stop.abort();
  }, [file.file_id, file.rejected.entries]);

  const { items, cursor, error, busy } = state;
  if (error && !items) return <Notice error={error} />;
  if (!items) return <Waiting what="Loading the rejects" />;
  if (!items.length) return <Empty>No rejects: the format explains every entry.</Empty>;
  const groups = new Map();
  for (const [reason, { first }] of reasons) groups.set(reason, [first]);
  for (const item of items) {
    const own = groups.get(item.reason) ?? [];
    groups.set(item.reason, own.some((each) => each.offset === item.offset) ? own.map((each) => (each.offset === item.offset ? item : each)) : [...own, item]);
  }
  const sizeOf = ([reason, group]) => reasons.get(reason)?.entries ?? group.length;
  return (
    <section aria-labelledby="rejects">
      <h2 id="rejects" class="hidden">Rejects</h2>
      <p class="muted" role="status">{cursor ? `The first ${count(items.length)} of ${plural(file.rejected.entries, "reject")}` : plural(items.length, "reject")}, by reason.</p>
      {error && <Notice error={error} />}
      {[...groups].sort((one, other) => sizeOf(other) - sizeOf(one)).map(([reason, group]) => <Group key={reason} reason={reason} items={group} all={sizeOf([reason, group])} />)}
      {cursor && <p class="more"><button type="button" class="quiet" disabled={busy} onClick={() => load(items, cursor)}>{busy ? "Loading …" : "Load more rejects"}</button></p>}
    </section>
  );
}

/** How many rejects there are of each reason, in the whole file. */
async function tally(id, signal, tell) {
  const found = new Map();
  let cursor;
  do {
    const page = await get(`files/${id}/rejects/reasons`, { cursor }, { signal });
    for (const each of page.items) {
      const own = found.get(each.reason);
      found.set(each.reason, own ? { ...own, entries: own.entries + each.entries } : each);
    }
    cursor = page.cursor;
  } while (cursor);
  tell(found);
}

function Group({ reason, items, all }) {
  const [most, setMost] = useState(EACH);
  const formats = [...new Set(items.map((item) => item.format))];
  return (
    <article class="card reject">
      <div class="title"><h3>{reason}</h3><span class="chip rejected">{plural(all, "entry", "entries")}</span></div>
      <p>An entry is a reject for this reason because {facts.reasons[reason] ?? "its format does not explain it"}.</p>
      {formats.map((name) => <Expected key={name} name={name} />)}
      <ol class="entries">
        {items.slice(0, most).map((item) => (
          <li key={item.offset}>
            <span class="offset" title="byte of the text">{count(item.offset)}</span>
            <span class="what"><Raw base64={item.raw} />{item.length > rawLength(item.raw) && <span class="muted"> … {bytes(item.length)} in all</span>}{item.expected && <span class="under">expected <Text text={item.expected} /></span>}</span>
          </li>
        ))}
      </ol>
      {items.length > most && <p><button type="button" class="quiet small" onClick={() => setMost(items.length)}>Show the other {count(items.length - most)}</button></p>}
      <p class="muted">To see how far the pattern matches a line, run <code>froe parse --explain</code> on it.</p>
    </article>
  );
}

const rawLength = (base64) => (base64.length / 4) * 3 - (base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0);

function Expected({ name }) {
  const known = facts.formats[name];
  if (!known) return <p>The format of the file is <code>{name}</code>, one of your own.</p>;
  return (
    <div class="expected">
      <p>The format of the file is <code>{name}</code> ({known.title}). An entry of it looks like this:</p>
      <pre tabIndex={0} role="region" aria-label={`An entry of the format ${name}`}>{known.sample}</pre>
    </div>
  );
}
