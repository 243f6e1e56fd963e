// All files: what needs attention, what moves, and the list with its filters.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { accountOf, costOf, isMoving } from "./account.js";
import { get } from "./api.js";
import { Attention } from "./attention.jsx";
import { Bar, Chip, Empty, Name, Notice, Text, Waiting, plain, sized } from "./parts.jsx";
import { useClock, usePolled } from "./polling.js";
import { note, paceOf, wholePace } from "./rates.js";
import { go, link } from "./route.js";
import { Totals } from "./throughput.jsx";
import { ago, count, dollars, moment, parted, percent, plural, short, since, span } from "./words.js";

const STATES = ["SPLITTING", "PROCESSING", "COMPLETE", "INCOMPLETE", "DAMAGED", "FAILED", "SUPERSEDED"];
const PAGE = 50;
const WATCHED_MAX = 8;
const LOOKS_MAX = 8;
const OPENED = [["", "at any time"], ["900", "in 15 minutes"], ["3600", "in an hour"], ["86400", "in a day"], ["604800", "in a week"]];

/** The next files: the API may look through a stretch without a match. */
async function pageOf(query, signal) {
  let page;
  let { cursor } = query;
  for (let look = 0; look < LOOKS_MAX && (look === 0 || cursor); look += 1) {
    page = await get("files", { limit: PAGE, ...query, cursor }, { signal });
    if (page.items.length) return page;
    cursor = page.cursor;
  }
  return page;
}

let lately = new Map(); // file id → a moving file as it was last read by itself
let turn = 0;

/** The newest files; of those that move, the account as it is now, of some in turn, and not as of the last settled split. */
async function newest(query, signal) {
  const page = await pageOf(query, signal);
  const moving = page.items.filter(isMoving);
  const some = moving.length > WATCHED_MAX ? Array.from({ length: WATCHED_MAX }, (_, at) => moving[(turn + at) % moving.length]) : moving;
  turn += some.length;
  const fresh = await Promise.all(some.map((file) => get(`files/${file.file_id}`, {}, { signal }).catch(() => lately.get(file.file_id) ?? file)));
  lately = new Map([...moving.map((file) => lately.get(file.file_id) ?? file), ...fresh].map((file) => [file.file_id, file]));
  return { ...page, items: page.items.map((file) => lately.get(file.file_id) ?? file) };
}

export function Overview({ query, letters }) {
  const asked = { state: query.get("state") ?? "", key: query.get("key") ?? "", format: query.get("format") ?? "", opened: query.get("opened") ?? "" };
  const [more, setMore] = useState({ items: [], cursor: undefined });
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(null);

  const key = JSON.stringify(asked);
  const files = usePolled(`files ${key}`, (signal) => newest(serverQuery(asked), signal), (page) => page.items.some(isMoving));
  useEffect(() => setMore({ items: [], cursor: undefined }), [key]);

  const listed = useMemo(() => {
    const first = files.data?.items ?? [];
    const ids = new Set(first.map((file) => file.file_id));
    return [...first, ...more.items.filter((file) => !ids.has(file.file_id))];
  }, [files.data, more]);
  const shown = useMemo(() => listed.filter((file) => matches(file, asked)), [listed, key]);
  // Drawn anew only where the files have changed: not for each answer of the others.
  const table = useMemo(() => shown.length > 0 && <Table files={shown} />, [shown]);
  const totals = useMemo(() => <Totals />, []);
  const cursor = more.cursor === undefined ? files.data?.cursor : more.cursor;
  const formats = [...new Set(listed.map((file) => file.format).filter(Boolean))].sort();
  const isFiltered = Object.values(asked).some(Boolean);

  const goOn = async () => {
    setBusy(true);
    try {
      const page = await pageOf({ ...serverQuery(asked), limit: 100, cursor });
      setMore((old) => ({ items: [...old.items, ...page.items], cursor: page.cursor }));
      setFailed(null);
    } catch (error) {
      setFailed(error);
    }
    setBusy(false);
  };
  const ask = (changed) => go([], { ...asked, ...changed }, { replace: true });

  return (
    <>
      <div class="title">
        <h1>Files</h1>
        <Live files={files} />
      </div>
      {files.error && <Notice error={files.error} what="Not up to date" />}
      <Attention letters={letters} />
      {totals}
      <search>
        <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
          <label>State
            <select value={asked.state} onChange={(event) => ask({ state: event.target.value })}>
              <option value="">all</option>
              {STATES.map((state) => <option key={state} value={state}>{state.toLowerCase()}</option>)}
            </select>
          </label>
          <KeyField value={asked.key} onAsk={(text) => ask({ key: text })} />
          <label>Format
            <select value={asked.format} onChange={(event) => ask({ format: event.target.value })}>
              <option value="">all</option>
              {[...new Set([...formats, asked.format].filter(Boolean))].map((name) => <option key={name} value={name}>{name}</option>)}
            </select>
          </label>
          <label>Arrived
            <select value={asked.opened} onChange={(event) => ask({ opened: event.target.value })}>
              {OPENED.map(([value, title]) => <option key={value} value={value}>{title}</option>)}
            </select>
          </label>
          {isFiltered && <button type="button" class="quiet" onClick={() => go([], {}, { replace: true })}>Clear</button>}
        </form>
      </search>
      {!files.data && !files.error && <Waiting what="Loading the files" />}
      {files.data && <p class="hidden" role="status">{plural(shown.length, "file")} shown</p>}
      {table}
      {files.data && shown.length === 0 && (isFiltered
        ? <Empty>No file {cursor ? "of those loaded " : ""}matches these filters.</Empty>
        : <Empty>No file yet. Put an object into the input bucket, or use <code>froe upload FILE</code>: it appears here within seconds.</Empty>)}
      {failed && <Notice error={failed} />}
      {cursor && <p class="more"><button type="button" class="quiet" onClick={goOn} disabled={busy}>{busy ? "Loading …" : "Load older files"}</button></p>}
    </>
  );
}

/** As the API takes it. */
function serverQuery(asked) {
  const query = {};
  if (asked.key) query.prefix = asked.key;
  if (asked.state) query.state = asked.state;
  if (asked.format) query.format = asked.format;
  if (asked.opened) query.from = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 1000 * asked.opened).toISOString();
  return query;
}

function matches(file, asked) {
  if (asked.state && file.state !== asked.state) return false;
  if (asked.format && file.format !== asked.format) return false;
  if (asked.opened && since(file.opened_at) > Number(asked.opened)) return false;
  return file.key.startsWith(asked.key);
}

function KeyField({ value, onAsk }) {
  const timer = useRef(null);
  const type = (event) => {
    const text = event.target.value;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onAsk(text.trim()), 100);
  };
  return <label class="wide">Key<input type="search" value={value} onInput={type} placeholder="how it begins" spellcheck={false} autocomplete="off" /></label>;
}

function Live({ files }) {
  const now = useClock();
  if (files.error) return <p class="live off">not up to date</p>;
  const moving = (files.data?.items ?? []).filter(isMoving).length;
  return (
    <p class={moving ? "live on" : "live"}>
      {moving ? `${moving} moving` : "all quiet"}<span class="muted"> · seen {files.at ? ago(new Date(files.at).toISOString(), now) : "–"}</span>
    </p>
  );
}

function Table({ files }) {
  const now = useClock(1000);
  return (
    <table class="files" role="table">
      <caption class="hidden">Files, newest first</caption>
      <thead role="rowgroup">
        <tr role="row">
          <th scope="col" role="columnheader">File</th><th scope="col" role="columnheader">State</th>
          <th scope="col" role="columnheader">Account</th><th scope="col" role="columnheader">Pace</th>
          <th scope="col" role="columnheader">Format</th><th scope="col" role="columnheader" class="number">Lines</th>
          <th scope="col" role="columnheader" class="number">Size</th><th scope="col" role="columnheader" class="number">Cost</th>
          <th scope="col" role="columnheader" class="number">Arrived</th>
        </tr>
      </thead>
      <tbody role="rowgroup">{files.map((file) => <Row key={file.file_id} file={file} now={now} />)}</tbody>
    </table>
  );
}

function Row({ file, now }) {
  const account = accountOf(file);
  if (isMoving(file)) note(file, account);
  const { folder, name } = parted(file.key);
  return (
    <tr role="row">
      <th scope="row" role="rowheader" class="key">
        <a href={link(["file", file.file_id])}>{folder && <span class="folder"><Text text={folder} /></span>}<span class="name"><Name text={name} /></span></a>
      </th>
      <td role="cell" class="state"><Chip state={file.state} /></td>
      <td role="cell" class="account">
        <Bar account={account} label={`Account of ${plain(file.key)}`} />
        <span class="under"><Text text={summary(file, account)} /></span>
      </td>
      <td role="cell" class="pace"><Pace file={file} account={account} now={now} /></td>
      <td role="cell" class="format"><Format file={file} /></td>
      <td role="cell" class="number lines" data-name="lines">{count(account.counted.lines)}</td>
      <td role="cell" class="number size" data-name="">{sized(file.size)}</td>
      <td role="cell" class="number cost" data-name="">{dollars(costOf(file))}</td>
      <td role="cell" class="number age" title={moment(file.opened_at)}>{ago(file.opened_at, now)}</td>
    </tr>
  );
}

export function summary(file, account) {
  const { parts } = account;
  const said = [];
  const tell = (name, word) => parts[name].lines > 0 && said.push(`${short(parts[name].lines)} ${word}`);
  tell("parsed", "parsed");
  tell("rejected", "rejected");
  tell("skipped", "skipped");
  tell("pending", "pending");
  tell("dead", "dead-lettered");
  tell("discarded", "discarded");
  if (isMoving(file) && account.isWhole) said.unshift(percent(account.settledBytes, account.bytes));
  if (!said.length && file.state === "FAILED") return file.reason ?? "nothing could be read";
  return said.join(" · ") || (isMoving(file) ? "opened" : "empty");
}

function Pace({ file, account, now }) {
  if (!isMoving(file)) {
    const pace = wholePace(file, account);
    if (!pace) return <span class="muted">–</span>;
    return <>{account.settledLines > 0 ? `${short(pace.lines)} lines/s` : ""}<span class="under">in {span(pace.seconds)}</span></>;
  }
  const pace = paceOf(file, account, now);
  const left = pace.left === null ? (account.isWhole ? "" : "end not known yet") : pace.left < 1 ? "nearly done" : `${span(pace.left)} left`;
  return <>{pace.lines === null ? "starting" : `${short(pace.lines)} lines/s`}<span class="under">{left}</span></>;
}

export function Format({ file }) {
  if (!file.format) return <span class="muted">–</span>;
  const sure = file.format_score >= 0.995 ? "sure" : `${Math.round(100 * file.format_score)} % sure`;
  const next = file.runner_up ? `; next ${file.runner_up}, ${Math.round(100 * file.runner_up_score)} %` : "";
  return <span title={`${sure}${next}`}><Name text={file.format} /><span class="under">{sure}</span></span>;
}
