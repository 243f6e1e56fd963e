// One file: its account, and what is below it.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { accountOf, costOf, isMoving } from "./account.js";
import { get, mayOperate } from "./api.js";
import { Batches } from "./batches.jsx";
import { OverTime } from "./over_time.jsx";
import { Bar, Chip, Copy, Empty, Facts, Legend, Notice, Text, Waiting, plain } from "./parts.jsx";
import { useClock, usePolled } from "./polling.js";
import { note, paceOf, wholePace } from "./rates.js";
import { Records } from "./records.jsx";
import { Rejects } from "./rejects.jsx";
import { link } from "./route.js";
import { Trace } from "./trace.jsx";
import { ago, batchesIn, bytes, count, dollars, moment, parted, percent, short, span } from "./words.js";

const VIEWS = [["", "Batches"], ["records", "Records"], ["rejects", "Rejects"], ["time", "Over time"], ["trace", "Trace"]];

export function File({ id, view, query }) {
  const asked = usePolled(`file ${id}`, (signal) => get(`files/${id}`, {}, { signal }), isMoving);
  const now = useClock();
  const tabs = useRef(null);
  const isThere = Boolean(asked.data);
  useEffect(() => tabs.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }), [view, isThere]);
  const file = asked.data;
  // Drawn anew only where the file or the address has changed: not at each tick of the clock.
  const below = useMemo(() => file && viewOf(view, file, query), [file, view, query]);
  if (!file) return asked.error ? <><Back /><Notice error={asked.error} /></> : <><Back /><Waiting what="Loading the file" /></>;
  const account = accountOf(file);
  if (isMoving(file)) note(file, account);
  const { folder, name } = parted(file.key);
  const counts = { records: file.parsed.entries, rejects: file.rejected.entries, "": file.batches };
  return (
    <>
      <Back />
      <div class="title">
        <h1 class="key">{folder && <span class="folder"><Text text={folder} /></span>}<span class="name"><Text text={name} /></span></h1>
        <Chip state={file.state} />
      </div>
      <p class="hidden" role="status">{plain(file.key)} is {file.state.toLowerCase()}</p>
      {asked.error && <Notice error={asked.error} what="Not up to date" />}
      {file.reason && <Reason file={file} />}
      <section class="picture" aria-labelledby="account">
        <h2 id="account">Account</h2>
        <Bar account={account} label="Account of the file" big />
        <p class="sum">{verdict(file, account)}</p>
        <div class="beside">
          <Legend account={account} />
          <div>
            <Facts pairs={facts(file, account, now)} />
            <details><summary>Object and id</summary><Facts pairs={more(file)} /></details>
            {file.settled_at && <Receipt file={file} />}
          </div>
        </div>
        <Skipped skipped={file.skipped} />
      </section>
      <nav class="tabs" aria-label="Parts of the file" ref={tabs}>
        {VIEWS.map(([each, title]) => (
          <a key={each} href={link(each ? ["file", id, each] : ["file", id])} aria-current={view === each ? "page" : undefined}>
            {title}{counts[each] !== undefined && <span class="muted"> {short(counts[each])}</span>}
          </a>
        ))}
      </nav>
      {below}
    </>
  );
}

function viewOf(view, file, query) {
  if (view === "records") return <Records file={file} query={query} />;
  if (view === "rejects") return <Rejects file={file} />;
  if (view === "time") return <OverTime file={file} />;
  if (view === "trace") return <Trace file={file} />;
  return view === "" ? <Batches file={file} chosen={query.get("batch") ?? ""} /> : <Empty>A file has no such part.</Empty>;
}

/** Why the file ended so, with the way to what can be done about it. */
function Reason({ file }) {
  const id = file.file_id;
  return (
    <div class={`notice ${file.state === "COMPLETE" ? "" : "bad"}`}>
      <p>{batchesIn(file.reason).map((each, at) => (at % 2 ? <a key={at} href={link(["file", id], { batch: each })}>{each}</a> : <Text key={at} text={each} />))}</p>
      {file.state === "INCOMPLETE" && <p>{file.archive
        ? <a href={link([], { key: `${file.key}/`, state: "INCOMPLETE" })}>See its incomplete members</a>
        : <a href={link(["dead-letters"], { file: id })}>{mayOperate() ? "See its dead letters and redrive them" : "See its dead letters"}</a>}</p>}
    </div>
  );
}

/** What can be kept, and compared later by the command line. */
function Receipt({ file }) {
  const [error, setError] = useState(null);
  const save = async () => {
    try {
      const text = JSON.stringify(await get(`files/${file.file_id}/receipt`), null, 2);
      const address = URL.createObjectURL(new Blob([`${text}\n`], { type: "application/json" }));
      const anchor = document.createElement("a");
      anchor.href = address;
      anchor.download = `receipt-${file.file_id}.json`;
      anchor.click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
      setError(null);
    } catch (failure) {
      setError(failure);
    }
  };
  return <div class="receipt"><button type="button" class="quiet small" onClick={save}>Download the receipt</button>{error && <Notice error={error} />}</div>;
}

const Back = () => <p class="back"><a href={link([])}>Files</a></p>;

function verdict(file, account) {
  if (isMoving(file)) {
    if (!account.isWhole) return `${bytes(account.settledBytes)} settled; the end of the text is not known until it is decompressed`;
    return `${percent(account.settledBytes, account.bytes)} settled: ${count(account.settledBytes)} of ${count(account.bytes)} bytes`;
  }
  if (account.balance === 0) return <><span class="tick" aria-hidden="true">✓ </span>adds up to the last byte: {count(account.counted.bytes)} bytes, {count(account.counted.lines)} lines</>;
  if (account.balance === null && !account.counted.bytes) return "nothing of it was read";
  if (account.balance === null) return "the end of the text could not be reached; what was read of it is accounted for";
  return `${count(account.balance)} bytes are missing from the account`;
}

function facts(file, account, now) {
  const pace = isMoving(file) ? paceOf(file, account, now) : wholePace(file, account);
  return [
    ["format", file.format && `${file.format}, ${Math.round(100 * file.format_score)} % sure`],
    ["object", `${bytes(file.size)}${file.text_bytes && file.text_bytes !== file.size ? `, ${bytes(file.text_bytes)} of text` : ""}`],
    ["batches", `${count(file.batches)} in ${file.splits === 1 ? "1 split" : `${count(file.splits)} splits`}`],
    ["lane", file.lane !== "default" && file.lane],
    ["archive", file.member && <a href={link(["file", file.member.file_id])}>member {count(file.member.ordinal)} of it</a>],
    ["members", file.archive && <a href={link([], { key: `${file.key}/` })}>the files in it</a>],
    ["arrived", `${moment(file.opened_at)} (${ago(file.opened_at, now)})`],
    [isMoving(file) ? "pace" : "took", pace && (isMoving(file)
      ? `${pace.lines === null ? "starting" : `${short(pace.lines)} lines/s`}${pace.left ? `, ${span(pace.left)} left` : ""}`
      : `${span(pace.seconds)}, ${short(pace.lines)} lines/s`)],
    ["cost", file.used && dollars(costOf(file)), "at the prices of us-east-1"],
  ];
}

function more(file) {
  return [
    ["next likely", file.runner_up && `${file.runner_up}, ${Math.round(100 * file.runner_up_score)} %`],
    ["bucket", file.bucket],
    ["key", <Text text={file.key} />],
    ["changed", moment(file.last_modified)],
    ["version", file.version_id && <span class="mono">{file.version_id}</span>],
    ["configuration", file.configuration && `version ${file.configuration}`],
    ["file id", <><span class="mono">{file.file_id}</span> <Copy text={file.file_id} label="Copy the id" /></>],
  ];
}

function Skipped({ skipped }) {
  const reasons = Object.entries(skipped ?? {});
  if (!reasons.length) return null;
  return <p class="muted">Skipped: {reasons.map(([reason, tally]) => `${reason} ${count(tally.bytes)} bytes in ${count(tally.lines)} lines`).join("; ")}.</p>;
}
