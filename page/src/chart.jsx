// Bars over time, one stack each; the same numbers as a table for those who want them read.

import { count, short } from "./words.js";

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000];

/** A whole step of seconds, with which a range becomes at most so many bars. */
export function stepFor(fromMs, toMs, bars) {
  const seconds = Math.max(1, (toMs - fromMs) / 1000);
  return STEPS.find((step) => Math.floor(toMs / 1000 / step) - Math.floor(fromMs / 1000 / step) + 1 <= bars) ?? Math.ceil(seconds / bars);
}

/**
 * points: [{at (ms), parts}] → bars, the empty ones included. range: {from, to} in ms; else that of the points. least:
 * how wide in seconds what the points stand for is: bars are whole multiples of that, else they hold now more, now fewer of them.
 */
export function barsOf(points, names, most = 48, range = null, least = 0) {
  if (!points.length && !range) return { bars: [], step: 0 };
  const times = points.map((each) => each.at);
  const from = range ? range.from : times.reduce((one, other) => Math.min(one, other));
  const to = range ? range.to : times.reduce((one, other) => Math.max(one, other));
  const step = least ? least * Math.ceil(((to - from) / 1000 + least) / least / most) : stepFor(from, to, most);
  const start = Math.floor(from / 1000 / step);
  const bars = Array.from({ length: Math.floor(to / 1000 / step) - start + 1 }, (_, at) => ({
    at: (start + at) * step * 1000,
    parts: Object.fromEntries(names.map((name) => [name, 0])),
  }));
  for (const point of points) {
    const { parts } = bars[Math.floor(point.at / 1000 / step) - start];
    for (const name of names) parts[name] += point.parts[name] ?? 0;
  }
  return { bars, step };
}

const two = (number) => String(number).padStart(2, "0");

export function tick(ms, step) {
  const time = new Date(ms);
  const day = `${time.getUTCDate()} ${["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][time.getUTCMonth()]}`;
  if (step >= 2_592_000) return `${day.split(" ")[1]} ${time.getUTCFullYear()}`;
  if (step >= 86_400) return day;
  const clock = `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}`;
  if (step >= 3600) return `${day} ${clock}`;
  return step >= 60 ? clock : `${clock}:${two(time.getUTCSeconds())}`;
}

/** names: [[part, title]], from the bottom up. onPick: a bar was chosen. */
export function Chart({ bars, step, names, label, unit, onPick }) {
  const sums = bars.map((bar) => names.reduce((sum, [name]) => sum + bar.parts[name], 0));
  const most = Math.max(1, ...sums);
  // Where the range is most of a day, the clock alone does not say which.
  const scale = bars.length * step >= 72_000 ? Math.max(step, 3600) : step;
  const shown = names.filter(([name]) => bars.some((bar) => bar.parts[name] > 0));
  const said = (at) => `${tick(bars[at].at, step)}: ${shown.filter(([name]) => bars[at].parts[name]).map(([name, title]) => `${count(bars[at].parts[name])} ${title}`).join(", ") || "nothing"}`;
  return (
    <figure class="chart">
      <figcaption>
        <span>{label}</span>
        <span class="keys">{shown.map(([name, title]) => <span key={name}><span class={`swatch ${name}`} />{title}</span>)}</span>
      </figcaption>
      <div class="plot">
        <span class="top-value" aria-hidden="true">{short(most)} {unit}</span>
        <div class={onPick ? "bars picking" : "bars"} role={onPick ? "group" : "img"} aria-label={onPick ? label : `${label}: ${bars.length} bars, at most ${count(most)} ${unit}`}>
          {bars.map((bar, at) => {
            const stack = shown.map(([name]) => bar.parts[name] > 0 && <span key={name} class={`part ${name}`} style={{ height: `${(100 * bar.parts[name]) / most}%` }} />);
            return onPick
              ? <button key={bar.at} type="button" class="stack" title={said(at)} aria-label={said(at)} onClick={() => onPick(bar)}>{stack}</button>
              : <span key={bar.at} class="stack" title={said(at)}>{stack}</span>;
          })}
        </div>
        <div class="ticks" aria-hidden="true"><span>{tick(bars[0].at, scale)}</span><span>{tick(bars[bars.length - 1].at + step * 1000, scale)} UTC</span></div>
      </div>
      <details>
        <summary>as a table</summary>
        <div class="scroll" tabIndex={0} role="region" aria-label={`${label}, as a table`}>
          <table class="plain">
            <thead><tr><th scope="col">from (UTC)</th>{shown.map(([name, title]) => <th key={name} scope="col" class="number">{title}</th>)}</tr></thead>
            <tbody>
              {bars.map((bar) => <tr key={bar.at}><th scope="row">{tick(bar.at, step)}</th>{shown.map(([name]) => <td key={name} class="number">{count(bar.parts[name])}</td>)}</tr>)}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}
