// SQL over the sink: a query is written, run, watched and cancelled, and its answer is a table.

import { useEffect, useRef, useState } from "preact/hooks";
import { get, post, remove } from "./api.js";
import { facts } from "./facts.js";
import { Chip, Empty, Notice, Text, Waiting, plain } from "./parts.jsx";
import { useClock, usePolled } from "./polling.js";
import { go, link } from "./route.js";
import { ago, bytes, count, dollars, moment, plural, span } from "./words.js";

const ROWS = 100;
const LISTED = 20;
const POLL_MS = [400, 2000];
const LEAST_BYTES = 10_000_000; // Athena charges for as many of a query that reads any
const STORE = "froe-sql";
const EARLIER = "froe-sql-earlier";
const EARLIER_MAX = 20;
const TRIES = 3;
const NUMBERS = /^(tinyint|smallint|int|integer|bigint|float|real|double|decimal)/;

const wide = matchMedia("(min-width: 62rem)");

const isMoving = (query) => query?.state === "QUEUED" || query?.state === "RUNNING";

const page = (id, cursor, signal, limit = ROWS) => get(`queries/${encodeURIComponent(id)}`, { limit, cursor }, { signal });

function examples(format) {
  const of = `from records\nwhere file_format = '${format}'`;
  return [
    ["Records and rejects", `select kind, count(*) as entries, sum(length) as bytes\n${of}\ngroup by kind`],
    ["The newest", `select time, severity_text, body\n${of} and kind = 'record'\norder by time desc\nlimit 100`],
    ["Errors by hour", `select date_trunc('hour', time) as hour, count(*) as errors\n${of} and severity_number >= 17\ngroup by 1\norder by 1`],
    ["Rejects by reason", `select reason, count(*) as entries\n${of} and kind = 'reject'\ngroup by reason\norder by entries desc`],
    ["Files", `select file_id, count(*) as entries, min(time) as first, max(time) as last\n${of}\ngroup by file_id\norder by last desc`],
  ];
}

/** One that stands in the editor as it was put there. */
function isExample(text) {
  const format = /where file_format = '([^']*)'/.exec(text)?.[1];
  return format !== undefined && examples(format).some(([, example]) => example === text);
}

export function Ask({ id }) {
  const [sql, setSql] = useState(() => sessionStorage.getItem(STORE) ?? "");
  const [earlier, setEarlier] = useState(() => JSON.parse(sessionStorage.getItem(EARLIER) ?? "[]"));
  const [looks, setLooks] = useState(0);
  const [table, setTable] = useState({ columns: null, formats: [], error: null });
  const [query, setQuery] = useState(null);
  const [began, setBegan] = useState(null);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(null);
  const [helping, setHelping] = useState(wide.matches || !id);
  const editor = useRef(null);
  const moving = busy === "start" || isMoving(query);
  const asked = usePolled("queries", (signal) => get("queries", { limit: LISTED }, { signal }), (page) => page.items.some(isMoving));
  useEffect(() => { asked.again(); }, [query?.query_id, query?.state]);

  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    const files = get("files", { limit: 100 }, { signal }).then((answer) => [...new Set(answer.items.map((each) => each.format).filter(Boolean))], () => []);
    Promise.all([get("queries/table", {}, { signal }), files]).then(
      ([answer, formats]) => setTable({ columns: answer.columns, formats, error: null }),
      (failure) => failure.name !== "AbortError" && setTable({ columns: [], formats: [], error: failure }),
    );
    return () => stop.abort();
  }, []);

  // A query that is asked for by its address is looked at until it is over.
  useEffect(() => {
    if (!id) {
      setQuery(null);
      return undefined;
    }
    const stop = new AbortController();
    let timer = null;
    let [wait] = POLL_MS;
    let tries = 0;
    const look = async () => {
      try {
        const answer = await page(id, null, stop.signal);
        tries = 0;
        setError(null);
        setQuery(answer);
        setSql((own) => own || answer.sql);
        if (isMoving(answer)) timer = setTimeout(look, (wait = Math.min(wait * 1.4, POLL_MS[1])));
      } catch (failure) {
        if (failure.name === "AbortError") return;
        tries += 1;
        const isLost = tries === TRIES || (failure.status >= 400 && failure.status < 500);
        if (isLost) setQuery(null);
        else timer = setTimeout(look, POLL_MS[1]);
        setError({ message: failure.message, isLost });
      }
    };
    look();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [id, looks]);

  const keep = (text) => {
    if (!text.trim() || isExample(text)) return;
    const kept = [text, ...earlier.filter((each) => each !== text)].slice(0, EARLIER_MAX);
    setEarlier(kept);
    sessionStorage.setItem(EARLIER, JSON.stringify(kept));
  };
  const write = (text) => {
    setSql(text);
    sessionStorage.setItem(STORE, text);
  };
  const act = async (what, work) => {
    setBusy(what);
    setError(null);
    try {
      await work();
    } catch (failure) {
      setError(failure);
    }
    setBusy(null);
  };
  const run = () => {
    if (moving || !sql.trim()) return;
    setQuery(null);
    setBegan(Date.now());
    if (!wide.matches) setHelping(false);
    keep(sql);
    act("start", async () => {
      const started = await post("queries", { sql });
      setQuery(started);
      go(["ask", started.query_id]);
    });
  };
  const cancel = () => act("cancel", async () => setQuery(await remove(`queries/${encodeURIComponent(query.query_id)}`)));
  const more = () => act("more", async () => {
    const next = await page(query.query_id, query.cursor);
    setQuery({ ...next, items: [...query.items, ...next.items] });
  });
  const download = () => act("download", async () => {
    const link = document.createElement("a");
    link.href = (await page(query.query_id, null, undefined, 1)).download; // a fresh one: an address is good for 15 minutes
    link.rel = "noreferrer";
    link.click();
  });
  /** What was written before can be undone in the editor, and is kept among the earlier ones. */
  const replace = (text) => {
    keep(sql);
    editor.current.focus();
    editor.current.select();
    if (!document.execCommand("insertText", false, text)) editor.current.value = text;
    write(text);
  };
  const insert = (name) => {
    const { selectionStart: from, selectionEnd: to } = editor.current;
    editor.current.setRangeText(name, from, to, "end");
    write(editor.current.value);
    editor.current.focus();
  };

  if (table.error) return <><div class="title"><h1>Ask</h1></div><Notice error={table.error} /></>;
  return (
    <>
      <div class="title"><h1>Ask</h1></div>
      <p class="lead">SQL over the records and rejects of all files in the sink. A file is in the table at most about an hour after it has settled.</p>
      <div class="asking">
        <form aria-label="Query" onSubmit={(event) => { event.preventDefault(); run(); }}>
          <label for="sql">SQL</label>
          <textarea
            id="sql" ref={editor} rows={9} value={sql} spellcheck={false} autocomplete="off" autocapitalize="off" aria-describedby="sql-help"
            placeholder={examples(table.formats[0] ?? "json")[0][1]}
            onInput={(event) => write(event.target.value)}
            onKeyDown={(event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); } }}
          />
          <div class="tools">
            <button type="submit" disabled={moving || !sql.trim()} aria-keyshortcuts="Control+Enter Meta+Enter">Run</button>
            {isMoving(query) && <button type="button" class="quiet" onClick={cancel} disabled={busy === "cancel"}>Cancel</button>}
            <Progress query={query} began={began} moving={moving} />
            <p id="sql-help" class="muted">Ctrl or ⌘ with Enter runs it. Name the formats of the files: <code>file_format = '…'</code>.</p>
          </div>
        </form>
        <Helps table={table} open={helping} onToggle={setHelping} earlier={earlier.filter((each) => each !== sql)} onReplace={replace} onColumn={insert} />
      </div>
      {error && <Notice error={error} />}
      {error?.isLost && id && !query && <p><button type="button" class="quiet" onClick={() => { setError(null); setLooks(looks + 1); }}>Look at it again</button></p>}
      {query?.state === "FAILED" && <Notice error={{ message: query.reason }} />}
      {query?.state === "CANCELLED" && query.reason && !/by user/.test(query.reason) && <p class="notice"><Text text={query.reason} /></p>}
      {query?.state === "SUCCEEDED" && <Answer query={query} busy={busy} onMore={more} onDownload={download} />}
      <Queries asked={asked} open={id} onEdit={replace} />
    </>
  );
}

/** Those of this token, or of all tokens for one that operates. */
function Queries({ asked, open, onEdit }) {
  const now = useClock(2000);
  const [refusal, setRefusal] = useState(null);
  const [stopping, setStopping] = useState(null);
  const items = asked.data?.items ?? [];
  if (!items.length && !asked.error) return null;
  const cancel = async (id) => {
    setStopping(id);
    try {
      await remove(`queries/${encodeURIComponent(id)}`);
      setRefusal(null);
    } catch (failure) {
      setRefusal(failure);
    }
    setStopping(null);
    asked.again();
  };
  return (
    <section aria-labelledby="queries">
      <h2 id="queries">Queries of the last days</h2>
      {(refusal ?? asked.error) && <Notice error={refusal ?? asked.error} />}
      <ul class="letters">
        {items.map((each) => (
          <li key={each.query_id}>
            <div>
              <p class="head">
                <a class="mono line" href={link(["ask", each.query_id])} aria-current={each.query_id === open ? "true" : undefined}><Text text={oneLine(each.sql)} /></a>
              </p>
              <p class="muted"><Chip state={each.state} /> {each.by ? <><Text text={each.by} /> · </> : ""}<time dateTime={each.submitted_at} title={moment(each.submitted_at)}>{ago(each.submitted_at, now)}</time>{each.scanned_bytes ? ` · ${bytes(each.scanned_bytes)} scanned` : ""}</p>
            </div>
            <div class="tools">
              {isMoving(each) && <button type="button" class="quiet danger" aria-label={`Cancel ${plain(oneLine(each.sql))}`} disabled={stopping === each.query_id} onClick={() => cancel(each.query_id)}>Cancel</button>}
              {each.sql && <button type="button" class="quiet small" aria-label={`Edit ${plain(oneLine(each.sql))}`} onClick={() => onEdit(each.sql)}>Edit</button>}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

const oneLine = (sql) => sql.replace(/\s+/g, " ").trim();

const WORDS = { QUEUED: "Waiting for Athena", RUNNING: "Running", SUCCEEDED: "Done", FAILED: "Failed", CANCELLED: "Cancelled" };

/** What is read out is that it runs and that it is over, not each second. */
function Progress({ query, began, moving }) {
  const now = useClock(200);
  const took = moving && began ? (now - began) / 1000 : query?.seconds;
  return (
    <p class={moving ? "live on" : "progress"}>
      <span role="status">{moving ? WORDS[query?.state] ?? WORDS.QUEUED : query ? WORDS[query.state] : ""}</span>
      {moving && took > 0 && <span>, {span(Math.max(1, Math.round(took)))}</span>}
      {!moving && query && <span> {query.state === "SUCCEEDED" ? "in" : "after"} {span(took)}</span>}
      {query && !moving && query.scanned_bytes > 0 && <span>, {bytes(query.scanned_bytes)} scanned{cost(query)}</span>}
    </p>
  );
}

function cost(query) {
  const each = facts.dollars?.scanned_bytes;
  if (!each) return "";
  const amount = dollars(Math.max(query.scanned_bytes, LEAST_BYTES) * each);
  return amount.startsWith("<") ? `, ${amount}` : `, about ${amount}`;
}

function Helps({ table, earlier, open, onToggle, onReplace, onColumn }) {
  const [format, setFormat] = useState("");
  const [sought, setSought] = useState("");
  const chosen = format || table.formats[0] || "json";
  const columns = (table.columns ?? []).filter((each) => each.name.includes(sought.trim().toLowerCase()));
  return (
    <details class="helps" open={open} onToggle={(event) => onToggle(event.currentTarget.open)}>
      <summary>Examples and columns</summary>
      <h2>Examples</h2>
      {table.formats.length > 1 && <label>Format <select value={chosen} onChange={(event) => setFormat(event.target.value)}>{table.formats.map((each) => <option key={each}>{each}</option>)}</select></label>}
      <ul class="wheres plain">{examples(chosen).map(([title, text]) => <li key={title}><button type="button" class="quiet" onClick={() => onReplace(text)}>{title}</button></li>)}</ul>
      {earlier.length > 0 && (
        <>
          <h2>Earlier</h2>
          <ul class="columns" aria-label="Earlier queries, which a click puts into the editor">
            {earlier.map((each) => <li key={each}><button type="button" title={plain(each)} onClick={() => onReplace(each)}><span class="mono line"><Text text={oneLine(each)} /></span></button></li>)}
          </ul>
        </>
      )}
      <h2>Columns of <code>records</code></h2>
      {!table.columns && <Waiting what="Asking for the columns" />}
      {table.columns && (
        <>
          <label>Find <input type="search" value={sought} onInput={(event) => setSought(event.target.value)} spellcheck={false} autocomplete="off" /></label>
          <ul class="columns" aria-label="Columns, which a click puts into the query" tabIndex={columns.length ? undefined : 0}>
            {columns.map(({ name, type }) => <li key={name}><button type="button" onClick={() => onColumn(name)}><span class="mono">{name}</span> <span class="muted">{type}</span></button></li>)}
          </ul>
          {!columns.length && <p class="muted">No column is called so. What has none is JSON in <code>attributes</code>.</p>}
        </>
      )}
    </details>
  );
}

function Answer({ query, busy, onMore, onDownload }) {
  const { columns, items, cursor } = query;
  return (
    <section aria-labelledby="answer">
      <div class="tools">
        <h2 id="answer">{cursor ? `The first ${plural(items.length, "row")}` : plural(items.length, "row")}</h2>
        <button type="button" class="quiet" onClick={onDownload} disabled={busy === "download"}>Download all as CSV</button>
      </div>
      {!items.length && <Empty>No row. Files that settled lately may not be in the table yet.</Empty>}
      {items.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Table of the answer">
          <table class="answer">
            <thead><tr>{columns.map(({ name, type }, at) => <th key={at} scope="col" class={NUMBERS.test(type) ? "number" : undefined}><Text text={name} /><span class="type">{type}</span></th>)}</tr></thead>
            <tbody>
              {items.map((row, line) => (
                <tr key={line}>
                  {row.map((value, at) => (value === null
                    ? <td key={at} class={NUMBERS.test(columns[at]?.type) ? "number null" : "null"}>NULL</td>
                    : <td key={at} class={NUMBERS.test(columns[at]?.type) ? "number" : "value"}><Text text={String(value)} /></td>))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {cursor && <p class="more"><button type="button" class="quiet" onClick={onMore} disabled={busy === "more"}>{busy === "more" ? "Loading …" : `Load ${count(ROWS)} more`}</button></p>}
    </section>
  );
}
