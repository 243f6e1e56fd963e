// Totals of the settled files, and their lines over time.

import { useState } from "preact/hooks";
import { costOf } from "./account.js";
import { get } from "./api.js";
import { Chart, barsOf } from "./chart.jsx";
import { usePolled } from "./polling.js";
import { bytes, count, dollars, percent, plural, short } from "./words.js";

const NAMES = [["parsed", "parsed"], ["rejected", "rejected"], ["skipped", "skipped"], ["dead", "dead-lettered"], ["discarded", "discarded"], ["pending", "pending"]];
const RANGES = [["day", "24 hours", 86_400, "hour"], ["week", "7 days", 604_800, "hour"], ["month", "30 days", 2_592_000, "day"]];
const FORMATS_MAX = 8;
const NOTHING = { files: 0, lines: 0, bytes: 0, parsed: 0, rejected: 0 };

/** All pages of the statistics of a range. */
async function statistics([, , seconds, by], signal) {
  const step = by === "hour" ? 3600 : 86_400;
  const end = (Math.floor(Date.now() / 1000 / step) + 1) * step;
  const range = { from: new Date((end - seconds) * 1000).toISOString(), to: new Date(end * 1000).toISOString() };
  const buckets = [];
  let cursor;
  do {
    const page = await get("statistics", { by, ...range, cursor }, { signal });
    buckets.push(...page.buckets);
    cursor = page.cursor;
  } while (cursor);
  return { buckets, from: (end - seconds) * 1000, to: end * 1000 - 1 };
}

function added(buckets) {
  const totals = { ...NOTHING, parts: Object.fromEntries(NAMES.map(([name]) => [name, 0])) };
  const formats = new Map();
  for (const bucket of buckets) {
    for (const [name, of] of Object.entries(bucket.formats)) {
      const own = formats.get(name) ?? { ...NOTHING };
      for (const sum of [totals, own]) {
        sum.files += of.files;
        sum.lines += of.lines;
        sum.bytes += of.text_bytes;
        sum.parsed += of.parsed.entries;
        sum.rejected += of.rejected.entries;
        if (of.used) sum.dollars = (sum.dollars ?? 0) + (costOf(of) ?? 0);
      }
      for (const [part] of NAMES) totals.parts[part] += of[part]?.lines ?? 0;
      formats.set(name, own);
    }
  }
  return { totals, formats: [...formats].sort((one, other) => other[1].lines - one[1].lines) };
}

export function Totals() {
  const [chosen, choose] = useState("day");
  const range = RANGES.find(([name]) => name === chosen);
  const asked = usePolled(`statistics ${chosen}`, (signal) => statistics(range, signal));
  const { totals, formats } = added(asked.data?.buckets ?? []);
  const points = (asked.data?.buckets ?? []).map((bucket) => {
    const parts = {};
    for (const of of Object.values(bucket.formats)) for (const [name] of NAMES) parts[name] = (parts[name] ?? 0) + (of[name]?.lines ?? 0);
    return { at: Date.parse(bucket.from), parts };
  });
  const { bars, step } = asked.data ? barsOf(points, NAMES.map(([name]) => name), 48, asked.data) : { bars: [] };
  return (
    <section class="totals" aria-labelledby="totals">
      <div class="head">
        <h2 id="totals">{plural(totals.files, "settled file")}</h2>
        <div class="segmented" role="group" aria-label="Time">
          {RANGES.map(([name, title]) => <button key={name} type="button" aria-pressed={name === chosen} onClick={() => choose(name)}>{title}</button>)}
        </div>
      </div>
      <Numbers totals={totals} />
      <Sum totals={totals} />
      {formats.length > 0 && (
        <details>
          <summary>By format</summary>
          <table class="formats">
            <thead><tr><th scope="col">format</th><th scope="col" class="number">files</th><th scope="col" class="number">lines</th><th scope="col" class="number">rejects</th></tr></thead>
            <tbody>
              {formats.slice(0, FORMATS_MAX).map(([name, of]) => (
                <tr key={name}><th scope="row">{name === "-" ? "none" : name}</th><td class="number">{count(of.files)}</td><td class="number">{short(of.lines)}</td><td class="number">{percent(of.rejected, of.parsed + of.rejected)}</td></tr>
              ))}
            </tbody>
          </table>
          {formats.length > FORMATS_MAX && <p class="muted">and {formats.length - FORMATS_MAX} more</p>}
        </details>
      )}
      {bars.length > 0 && <Chart bars={bars} step={step} names={NAMES} label="Lines of settled files, by their arrival" unit="lines" />}
    </section>
  );
}

/** The lines of all settled files: in which part each of them is. */
function Sum({ totals: { lines, parts } }) {
  if (!lines) return null;
  const rest = lines - Object.values(parts).reduce((sum, each) => sum + each, 0);
  const all = [...NAMES.map(([name, title]) => [name, title, parts[name]]), ["unread", "not accounted for", rest]].filter(([, , number]) => number);
  return (
    <div class="adds">
      <div class="bar" role="img" aria-label={`Lines of settled files: ${all.map(([, title, number]) => `${title} ${percent(number, lines)}`).join(", ")}`}>
        {all.map(([name, , number]) => <span key={name} class={`part ${name}`} style={{ flexGrow: number / lines }} />)}
      </div>
      <p>{count(lines)} lines ={all.map(([name, title, number], at) => <span key={name}>{at ? " +" : ""} <span class="addend"><span class={`swatch ${name}`} />{count(number)} {title}</span></span>)}</p>
    </div>
  );
}

function Numbers({ totals }) {
  return (
    <dl>
      <div><dt>lines</dt><dd>{short(totals.lines)}</dd></div>
      <div><dt>text</dt><dd>{bytes(totals.bytes)}</dd></div>
      <div><dt>records</dt><dd>{short(totals.parsed)}</dd></div>
      <div><dt>rejects</dt><dd>{percent(totals.rejected, totals.parsed + totals.rejected)}</dd></div>
      {totals.dollars !== undefined && <div title="at the prices of us-east-1"><dt>cost</dt><dd>{dollars(totals.dollars)}</dd></div>}
    </dl>
  );
}
