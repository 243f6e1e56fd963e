// How many records there are at which time, by severity; a bar leads to its records.

import { useEffect, useState } from "preact/hooks";
import { get } from "./api.js";
import { Chart, barsOf } from "./chart.jsx";
import { Empty, Notice, Waiting } from "./parts.jsx";
import { go } from "./route.js";
import { count, plural } from "./words.js";

const NAMES = [["TRACE", "trace"], ["DEBUG", "debug"], ["INFO", "info"], ["none", "no severity"], ["WARN", "warn"], ["ERROR", "error"], ["FATAL", "fatal"]];
const BARS_MAX = 60;
const BAR_PIXELS = 27; // what a finger hits, and a gap

const barsThatFit = () => Math.max(8, Math.min(BARS_MAX, Math.floor((document.getElementById("main").clientWidth - 80) / BAR_PIXELS)));

export function OverTime({ file }) {
  const [state, setState] = useState({ points: [], without: 0, seen: 0, step: 0, cursor: undefined, error: null, busy: true });
  const [fitting] = useState(barsThatFit);
  useEffect(() => {
    const stop = new AbortController();
    counted(file.file_id, fitting, stop.signal, setState).catch((error) => error.name !== "AbortError" && setState((old) => ({ ...old, error, busy: false })));
    return () => stop.abort();
  }, [file.file_id, file.parsed.entries]);
  const { points, without, seen, cursor, error, busy } = state;
  if (error && !points.length) return <Notice error={error} />;
  if (busy && !points.length) return <Waiting what="Counting the records" />;
  if (!points.length) return <Empty>{seen ? "No record of this file has a time." : "The file has no records."}</Empty>;
  const { bars, step } = barsOf(points, NAMES.map(([name]) => name), fitting, null, state.step);
  const pick = (bar) => go(["file", file.file_id, "records"], { from: new Date(bar.at).toISOString().slice(0, 19), to: new Date(bar.at + step * 1000).toISOString().slice(0, 19) });
  return (
    <section aria-labelledby="over-time">
      <h2 id="over-time" class="hidden">Over time</h2>
      <Chart bars={bars} step={step} names={NAMES} label="Records by their own time and severity" unit="records" onPick={pick} />
      <p class="muted" role="status">
        {busy ? "Counting … " : ""}{cursor ? `The first ${count(seen)} of ${plural(file.parsed.entries, "record")}` : `All ${plural(seen, "record")}`}{without ? `; ${count(without)} without a time` : ""}. A bar leads to its records.
      </p>
    </section>
  );
}

/** In parts, the later ones in buckets as wide or wider. */
async function counted(id, most, signal, tell) {
  const points = [];
  const sum = { without: 0, seen: 0, step: 0 };
  let cursor;
  do {
    const page = await get(`files/${id}/histogram`, { buckets: most, cursor }, { signal });
    for (const bucket of page.buckets) {
      points.push({ at: Date.parse(bucket.from), parts: Object.fromEntries(Object.entries(bucket.severities).map(([name, number]) => [name === "-" ? "none" : name, number])) });
    }
    sum.seen += page.records;
    sum.without += page.untimed;
    sum.step = Math.max(sum.step, page.seconds);
    cursor = page.cursor;
    tell({ points: [...points], ...sum, cursor, error: null, busy: Boolean(cursor) });
  } while (cursor && !signal.aborted);
}
