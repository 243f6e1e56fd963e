// What was done for a file, invocation by invocation, on one axis of time.

import { useState } from "preact/hooks";
import { isMoving } from "./account.js";
import { get } from "./api.js";
import { Empty, Notice, Text, Waiting } from "./parts.jsx";
import { usePolled } from "./polling.js";
import { batchName, count, plural, span } from "./words.js";

const FIRST = 20;
const ALL = 1000;

export function Trace({ file }) {
  if (!file.trace) return <Empty>The file was opened while tracing was off, or it was not sampled.</Empty>;
  return (
    <section aria-labelledby="trace">
      <h2 id="trace" class="hidden">Trace</h2>
      <p>The trace <span class="mono">{file.trace}</span> follows the file from the splitter through the queue to its workers.</p>
      {file.trace_url && <p><a href={file.trace_url} target="_blank" rel="noreferrer">Open it in X-Ray</a></p>}
      <Waterfall file={file} />
    </section>
  );
}

function Waterfall({ file }) {
  const [batches, setBatches] = useState(FIRST);
  const asked = usePolled(`trace ${file.file_id} ${batches}`, (signal) => get(`files/${file.file_id}/trace`, { batches }, { signal }), () => isMoving(file));
  if (!asked.data) return asked.error ? <Notice error={asked.error} /> : <Waiting what="Loading the trace" />;
  const { waterfall, complete } = asked.data;
  if (!waterfall) return <Empty>No trace is recorded: it was not sampled, X-Ray does not have it yet, or newer traces have taken its place.</Empty>;
  const of = scaleOf(waterfall);
  const handled = new Set(waterfall.invocations.flatMap((one) => one.stages.filter((each) => each.name === "parse").map((each) => each.batch_id)));
  const known = new Set(waterfall.batches);
  const silent = waterfall.batches.length - waterfall.batches.filter((each) => handled.has(each)).length;
  return (
    <>
      <p class="keys">
        <span><span class="swatch work" />work</span><span><span class="swatch waited" />in the queue</span><span><span class="swatch fault" />failed</span>
        <span class="muted">{span(waterfall.duration_ms / 1000)} from the first stage to the last</span>
      </p>
      {asked.error && <Notice error={asked.error} what="Not up to date" />}
      <div class="scroll" tabIndex={0} role="region" aria-label="Waterfall">
        <table class="waterfall">
          <caption class="hidden">Stages of the file by invocation, on one axis of time</caption>
          <thead><tr><th scope="col">batch</th><th scope="col">stage</th><th scope="col" class="number">took</th><th scope="col" class="axis"><span>0</span><span>{span(waterfall.duration_ms / 1000)}</span></th></tr></thead>
          {waterfall.invocations.map((one, at) => <Invocation key={`${one.trace} ${one.function} ${at}`} one={one} known={known} of={of} />)}
        </table>
      </div>
      {silent > 0 && <p class="muted">{plural(silent, "batch", "batches")} of these have no trace of a worker{isMoving(file) ? ": still in the queue, or in progress" : ""}.</p>}
      {!complete && <p class="muted">There are more traces than are shown here.</p>}
      {waterfall.more_batches > 0 && (
        <p class="more">
          {batches < ALL ? <button type="button" class="quiet" onClick={() => setBatches(ALL)}>Show {count(Math.min(waterfall.more_batches, ALL - FIRST))} more {waterfall.more_batches === 1 ? "batch" : "batches"}</button>
            : <span class="muted">and {plural(waterfall.more_batches, "more batch", "more batches")}: froe traces {file.file_id} --limit 0</span>}
        </p>
      )}
    </>
  );
}

function Invocation({ one, known, of }) {
  let before = null;
  return (
    <tbody>
      <tr class="of"><th scope="rowgroup" colSpan={4}>{one.function} <span class="mono muted">{one.trace}</span></th></tr>
      {one.stages.flatMap((stage, at) => {
        const name = known.has(stage.batch_id) ? batchName(stage.batch_id) : null; // what was read last may have been the end, and no batch
        const label = name && name !== before ? name : "";
        before = name ?? before;
        const rows = [];
        if (stage.waited_ms) rows.push(<Row key={`${at} waited`} label={label} name="in the queue" tone="waited" start={stage.start_ms - stage.waited_ms} ms={stage.waited_ms} of={of} />);
        rows.push(<Row key={at} label={rows.length ? "" : label} name={stage.name} tone={stage.fault ? "fault" : "work"} start={stage.start_ms} ms={stage.duration_ms} of={of} fault={stage.fault} threads={stage.threads} />);
        return rows;
      })}
    </tbody>
  );
}

function Row({ label, name, tone, start, ms, of, fault, threads }) {
  return (
    <>
      <tr>
        <td class="number">{label}</td>
        <th scope="row">{name}{threads?.length > 0 && <span class="muted"> {plural(threads.length, "thread")}</span>}</th>
        <td class="number">{span(ms / 1000)}</td>
        <td class="axis"><span class={`stage ${tone}`} style={{ left: `${of(start)}%`, width: `${Math.max(0.3, of(start + ms) - of(start))}%` }} /></td>
      </tr>
      {fault && <tr><td /><td colSpan={3} class="why"><Text text={fault} /></td></tr>}
    </>
  );
}

/** From milliseconds to percent of the axis; what waited in the queue may have begun before the first stage that is known. */
function scaleOf({ invocations, duration_ms: duration }) {
  const starts = invocations.flatMap((one) => one.stages.map((each) => each.start_ms - (each.waited_ms ?? 0)));
  const first = Math.min(0, ...starts);
  return (ms) => (duration - first > 0 ? (100 * (ms - first)) / (duration - first) : 0);
}
