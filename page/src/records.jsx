// The records of a file as a table: columns are chosen, rows filtered and paged.

import { Fragment } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { isMoving } from "./account.js";
import { get } from "./api.js";
import { Empty, Facts, Notice, Text, Waiting, plain } from "./parts.jsx";
import { go } from "./route.js";
import { count, plural } from "./words.js";

const SEVERITIES = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const SIZES = [25, 50, 100, 200];
const LOOKS_MAX = 8;
const FIRST_COLUMNS = 4;

/** A page of records; where the API looked through a stretch without a match it goes on, a few times. */
async function pageOf(id, query, signal) {
  let cursor = query.cursor;
  for (let look = 0; ; look += 1) {
    const page = await get(`files/${id}/records`, { ...query, cursor }, { signal });
    if (page.items.length || !page.cursor || look === LOOKS_MAX) return page;
    cursor = page.cursor;
  }
}

export const severityOf = (number) => (number ? SEVERITIES[Math.min(5, Math.floor((number - 1) / 4))] : null);

const utc = (text) => (text ? `${text}Z` : "");

export function Records({ file, query }) {
  const asked = { text: query.get("text") ?? "", severity: query.get("severity") ?? "", from: query.get("from") ?? "", to: query.get("to") ?? "", format: query.get("format") ?? "", where: query.getAll("where") };
  const [size, setSize] = useState(50);
  const [cursors, setCursors] = useState([null]);
  const [state, setState] = useState({ page: null, error: null, busy: true });
  const [open, setOpen] = useState(null);
  const filter = JSON.stringify([asked, size]);
  const [shownFilter, setShownFilter] = useState(filter);
  const trail = shownFilter === filter ? cursors : [null];
  const cursor = trail.at(-1);
  const stand = isMoving(file) ? file.parsed.entries : file.state;

  useEffect(() => {
    const stop = new AbortController();
    setState((old) => ({ ...old, busy: true }));
    const wanted = { ...asked, from: utc(asked.from), to: utc(asked.to), limit: size, cursor };
    pageOf(file.file_id, wanted, stop.signal).then(
      (page) => setState({ page, error: null, busy: false }),
      (error) => error.name !== "AbortError" && setState({ page: null, error, busy: false }),
    );
    return () => stop.abort();
  }, [file.file_id, filter, cursor, stand]);

  const turn = (next) => {
    setShownFilter(filter);
    setCursors(next);
    setOpen(null);
  };
  const ask = (changed) => go(["file", file.file_id, "records"], { ...asked, ...changed }, { replace: true });
  const { page, error, busy } = state;
  const items = page?.items ?? [];
  const [columns, chosen, choose] = useColumns(file.format, items);
  const isFiltered = Object.values(asked).some((each) => each.length > 0);
  const before = trail.length;

  return (
    <section aria-labelledby="records">
      <h2 id="records" class="hidden">Records</h2>
      <search>
        <form class="filters" aria-label="Filters of the records" onSubmit={(event) => {
          event.preventDefault();
          const { text, where } = event.target.elements;
          ask({ text: text.value.trim(), where: where.value.trim() ? [...new Set([...asked.where, where.value.trim()])] : asked.where });
          where.value = "";
        }}>
          <label class="wide">Text<input name="text" type="search" key={asked.text} defaultValue={asked.text} maxlength={200} placeholder="in the message or a field" onBlur={(event) => event.target.value.trim() !== asked.text && ask({ text: event.target.value.trim() })} /></label>
          <label>At least
            <select value={asked.severity} onChange={(event) => ask({ severity: event.target.value })}>
              <option value="">any severity</option>
              {SEVERITIES.map((each) => <option key={each} value={each}>{each.toLowerCase()}</option>)}
            </select>
          </label>
          <label>From (UTC)<input type="datetime-local" step="1" value={asked.from} onChange={(event) => ask({ from: event.target.value })} /></label>
          <label>To (UTC)<input type="datetime-local" step="1" value={asked.to} onChange={(event) => ask({ to: event.target.value })} /></label>
          <label class="wide">Where<input name="where" placeholder="status>=500" spellcheck={false} autocomplete="off" aria-describedby="where-help" /></label>
          <button type="submit">Search</button>
          {isFiltered && <button type="button" class="quiet" onClick={() => go(["file", file.file_id, "records"], {}, { replace: true })}>Clear</button>}
        </form>
        <p id="where-help" class="under">Where: a field, one of = != &gt; &gt;= &lt; &lt;= or ~ for contains, and a value, such as body~timeout</p>
        {asked.where.length > 0 && (
          <ul class="wheres" aria-label="Conditions on fields">
            {asked.where.map((each) => <li key={each}><button type="button" class="quiet" aria-label={`Drop the condition ${plain(each)}`} onClick={() => ask({ where: asked.where.filter((other) => other !== each) })}><Text text={each} /></button></li>)}
          </ul>
        )}
      </search>
      {error && <Notice error={error} />}
      {!page && busy && <Waiting what="Loading the records" />}
      {page && (
        <>
          <div class="tools">
            <p role="status">{busy ? "Loading …" : items.length ? `${plural(items.length, "record")} from byte ${count(items[0].offset)} of the text` : page.cursor ? "No match in this stretch of the text" : isFiltered ? "No record matches" : "No records"}</p>
            <Chooser columns={columns} chosen={chosen} onChoose={choose} />
          </div>
          {items.length > 0 && <Table items={items} columns={columns} chosen={chosen} open={open} onOpen={setOpen} onWhere={(each) => ask({ where: [...new Set([...asked.where, each])] })} />}
          {!items.length && !page.cursor && !isFiltered && <Empty>{isMoving(file) ? "The first records appear with the first batch." : "The file has no records."}</Empty>}
          <div class="pager">
            <button type="button" class="quiet" disabled={before < 2 || busy} onClick={() => turn(trail.slice(0, -1))}>Previous</button>
            <span class="muted">page {count(before)}</span>
            <button type="button" class="quiet" disabled={!page.cursor || busy} onClick={() => turn([...trail, page.cursor])}>{items.length ? "Next" : "Look further"}</button>
            <label>a page has <select value={size} onChange={(event) => setSize(Number(event.target.value))}>{SIZES.map((each) => <option key={each} value={each}>{each}</option>)}</select></label>
          </div>
        </>
      )}
    </section>
  );
}

/** The attributes of what is shown, the most frequent first, each with its type; which of them are chosen. */
function useColumns(format, items) {
  const store = `froe-columns-${format}`;
  const [picked, setPicked] = useState(() => JSON.parse(sessionStorage.getItem(store) ?? "null"));
  const columns = useMemo(() => {
    const found = new Map();
    for (const item of items) {
      for (const [name, value] of Object.entries(item.attributes ?? {})) {
        const column = found.get(name) ?? { name, times: 0, types: new Set(), first: written(value), varies: false };
        column.times += 1;
        column.varies ||= written(value) !== column.first;
        column.types.add(value === null ? "null" : Array.isArray(value) ? "list" : typeof value);
        found.set(name, column);
      }
    }
    return [...found.values()].sort((one, other) => other.varies - one.varies || other.times - one.times).map(({ name, types }) => {
      types.delete("null");
      return { name, type: types.size === 1 ? [...types][0] : types.size ? "mixed" : "null" };
    });
  }, [items]);
  const chosen = picked ?? columns.slice(0, FIRST_COLUMNS).map((each) => each.name);
  const choose = (names) => {
    sessionStorage.setItem(store, JSON.stringify(names));
    setPicked(names);
  };
  return [columns, chosen, choose];
}

const TYPES = { string: "text", number: "number", boolean: "true/false", list: "list", object: "object", mixed: "mixed", null: "empty" };

function Chooser({ columns, chosen, onChoose }) {
  if (!columns.length) return null;
  const toggle = (name) => onChoose(chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name]);
  return (
    <details class="chooser">
      <summary>Columns <span class="muted">{chosen.filter((name) => columns.some((each) => each.name === name)).length} of {columns.length}</span></summary>
      <fieldset>
        <legend class="hidden">Visible columns</legend>
        {columns.map(({ name, type }) => <label key={name}><input type="checkbox" checked={chosen.includes(name)} onChange={() => toggle(name)} /><span class="name"><Text text={name} /></span> <span class="muted">{TYPES[type]}</span></label>)}
      </fieldset>
    </details>
  );
}

const written = (value) => (value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));

export const clock = (time) => (time ? time.replace("T", " ").replace("Z", "") : "");

function Table({ items, columns, chosen, open, onOpen, onWhere }) {
  const shown = columns.filter((each) => chosen.includes(each.name));
  const hasSeverity = items.some((item) => item.severity_text || item.severity_number);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Table of the records">
      <table class="records" role="table">
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader">time (UTC)</th>{hasSeverity && <th scope="col" role="columnheader">severity</th>}<th scope="col" role="columnheader">message</th>
            {shown.map(({ name, type }) => <th key={name} scope="col" role="columnheader" class={type === "number" ? "number" : undefined}><Text text={name} /><span class="type">{TYPES[type]}</span></th>)}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {items.map((item) => {
            const severity = severityOf(item.severity_number);
            const isOpen = open === item.offset;
            return (
              <Fragment key={item.offset}>
                <tr role="row" class={severity ? `severity ${severity}` : undefined}>
                  <td role="cell" class="time">
                    <button type="button" class="opener" aria-expanded={isOpen} aria-label={`Record at byte ${item.offset}`} onClick={() => onOpen(isOpen ? null : item.offset)}>{clock(item.timestamp) || "no time"}</button>
                  </td>
                  {hasSeverity && <td role="cell">{item.severity_text ?? severity ?? ""}</td>}
                  <td role="cell" class="message" title={plain(item.body ?? "")}><Text text={item.body ?? ""} /></td>
                  {shown.map(({ name, type }) => <td key={name} role="cell" data-name={name} class={type === "number" ? "number" : "field"} title={plain(written(item.attributes?.[name]))}><Text text={written(item.attributes?.[name])} /></td>)}
                </tr>
                {isOpen && <tr role="row" class="opened"><td role="cell" colSpan={(hasSeverity ? 3 : 2) + shown.length}><Whole item={item} onWhere={onWhere} /></td></tr>}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Whole({ item, onWhere }) {
  const valued = (name, value) => {
    const text = written(value);
    if (text === "" || typeof value === "object" || text.length > 100) return text && <Text text={text} />;
    return <><Text text={text} /> <button type="button" class="quiet small" aria-label={plain(`Only records with ${name} ${text}`)} onClick={() => onWhere(`${name}=${text}`)}>only these</button></>;
  };
  return (
    <div class="whole">
      {item.body && <pre><Text text={item.body} /></pre>}
      <Facts pairs={[
        ["time", item.timestamp], ["time: not in the line", item.timestamp_assumed],
        ...Object.entries(item.attributes ?? {}).map(([name, value]) => [<Text text={name} />, valued(name, value)]),
        ["format", item.format], ["in the text", `bytes ${count(item.offset)} to ${count(item.offset + item.length)}, ${plural(item.lines, "line")}`],
        ["batch", <span class="mono">{item.batch_id}</span>], ["replaced", item.replaced && "holds bytes that are not UTF-8, shown as \uFFFD"],
      ]} />
    </div>
  );
}
