// Totals, and lines over time: of all settled files by the API's statistics, else of the files in the list.

import { useState } from "preact/hooks";
import { accountOf, costOf } from "./account.js";
import { get, has } from "./api.js";
import { Chart, barsOf } from "./chart.jsx";
import { usePolled } from "./polling.js";
import { bytes, count, dollars, percent, plural, short } from "./words.js";

const NAMES = [["parsed", "parsed"], ["rejected", "rejected"], ["skipped", "skipped"], ["dead", "dead-lettered"], ["discarded", "discarded"], ["pending", "pending"]];
const RANGES = [["day", "24 hours", 86_400, "hour"], ["week", "7 days", 604_800, "hour"], ["month", "30 days", 2_592_000, "day"]];
const FORMATS_MAX = 8;
const NOTHING = { files: 0, lines: 0, bytes: 0, entries: 0, parsed: 0, rejected: 0 };

export const Totals = (props) => (has("GET", "/statistics") ? <Settled /> : <Listed {...props} />);

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
  const totals = { ...NOTHING };
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
      formats.set(name, own);
    }
  }
  return { totals, formats: [...formats].sort((one, other) => other[1].lines - one[1].lines) };
}

function Settled() {
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

function Numbers({ totals }) {
  return (
    <dl>
      <div><dt>lines</dt><dd>{short(totals.lines)}</dd></div>
      <div><dt>text</dt><dd>{bytes(totals.bytes)}</dd></div>
      <div><dt>records</dt><dd>{short(totals.parsed)}</dd></div>
      <div><dt>rejects</dt><dd>{short(totals.rejected)} <small>{percent(totals.rejected, totals.parsed + totals.rejected)}</small></dd></div>
      {totals.dollars !== undefined && <div title="at the prices of us-east-1"><dt>cost</dt><dd>{dollars(totals.dollars)}</dd></div>}
    </dl>
  );
}

function Listed({ files, hasMore }) {
  if (!files.length) return null;
  const totals = { ...NOTHING, dollars: 0 };
  const points = files.map((file) => {
    const account = accountOf(file);
    totals.lines += account.counted.lines;
    totals.bytes += account.counted.bytes;
    totals.parsed += file.parsed.entries;
    totals.rejected += file.rejected.entries;
    totals.dollars += costOf(file) ?? 0;
    return { at: Date.parse(file.opened_at), parts: Object.fromEntries(NAMES.map(([name]) => [name, account.parts[name].lines])) };
  });
  const { bars, step } = barsOf(points, NAMES.map(([name]) => name), 48);
  return (
    <section class="totals" aria-labelledby="totals">
      <h2 id="totals">{hasMore ? `The newest ${plural(files.length, "file")}` : plural(files.length, "file")}</h2>
      <Numbers totals={totals} />
      {bars.length > 1 && <Chart bars={bars} step={step} names={NAMES} label="Lines by arrival of their file" unit="lines" />}
    </section>
  );
}
