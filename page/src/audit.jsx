// The audit trail: who had what done, newest first; for those who administer.

import { useState } from "preact/hooks";
import { get } from "./api.js";
import { Empty, Notice, Text, Waiting, plain } from "./parts.jsx";
import { useClock, usePolled } from "./polling.js";
import { go, link } from "./route.js";
import { ago, count, moment, plural } from "./words.js";

const PAGE = 100;
const SPANS = [["86400", "a day"], ["604800", "a week"], ["2678400", "a month"], ["", "a year"]];
const WAYS = { http: "over HTTP", froe: "by the command line" };
const WORDS = {
  redrive: ["redrove", "redrive"],
  discard: ["discarded", "discard"],
  reprocess: ["had read again", "have read again"],
  forget: ["forgot", "forget"],
  query: ["asked in SQL", "ask in SQL"],
  "query-cancel": ["cancelled a query", "cancel a query"],
  "token-create": ["made a token", "make a token"],
  "token-revoke": ["revoked a token", "revoke a token"],
};

export function Audit({ query }) {
  const within = query.get("within") ?? "";
  const from = within && new Date(Math.floor(Date.now() / 60_000) * 60_000 - 1000 * within).toISOString();
  const trail = usePolled(`audit ${within}`, (signal) => get("audit", { limit: PAGE, from }, { signal }));
  const [more, setMore] = useState({ items: [], cursor: undefined, of: within });
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(null);
  const now = useClock(5000);
  const older = more.of === within ? more : { items: [], cursor: undefined };
  const first = trail.data?.items ?? [];
  const known = new Set(first.map(placeOf));
  const deeds = [...first, ...older.items.filter((each) => !known.has(placeOf(each)))];
  const cursor = older.cursor === undefined ? trail.data?.cursor : older.cursor;
  const goOn = async () => {
    setBusy(true);
    try {
      const page = await get("audit", { limit: PAGE, from, cursor });
      setMore({ items: [...older.items, ...page.items], cursor: page.cursor, of: within });
      setFailed(null);
    } catch (error) {
      setFailed(error);
    }
    setBusy(false);
  };
  return (
    <>
      <div class="title"><h1>Audit</h1></div>
      <p class="lead">Who redrove, discarded, reprocessed or forgot what, who asked in SQL, and who made or revoked tokens. Every action is recorded before it is done.</p>
      <search>
        <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
          <label>Within
            <select value={within} onChange={(event) => go(["audit"], { within: event.target.value }, { replace: true })}>
              {SPANS.map(([value, title]) => <option key={title} value={value}>{title}</option>)}
            </select>
          </label>
        </form>
      </search>
      {trail.error && <Notice error={trail.error} />}
      {!trail.data && !trail.error && <Waiting what="Loading the audit trail" />}
      {deeds.length > 0 && (
        <ol class="letters" aria-label="Audit trail, newest first">
          {deeds.map((each) => (
            <li key={placeOf(each)}>
              <div>
                <p class="head"><strong><Text text={each.who} /></strong> {done(each)} <Subject deed={each} /></p>
                {each.subject.why && <p class="why">“<Text text={each.subject.why} />”</p>}
                <Result result={each.result} />
                <p class="muted"><time dateTime={each.at} title={moment(each.at)}>{ago(each.at, now)}</time> · {WAYS[each.way] ?? each.way}{each.subject.by && each.subject.by !== each.who ? ` · decided by ${plain(each.subject.by)}` : ""}</p>
              </div>
            </li>
          ))}
        </ol>
      )}
      {trail.data && !deeds.length && <Empty>Nothing was done in that time.</Empty>}
      {failed && <Notice error={failed} />}
      {cursor && <p class="more"><button type="button" class="quiet" onClick={goOn} disabled={busy}>{busy ? "Loading …" : "Load older ones"}</button></p>}
    </>
  );
}

const placeOf = (deed) => `${deed.at} ${deed.who} ${deed.action} ${JSON.stringify(deed.subject)}`;

/** What is written down before it is done may have failed, or nobody may know. */
function done({ action, result }) {
  const [past, plain] = WORDS[action] ?? [action, action];
  return !result ? `asked to ${plain}` : result.error ? `could not ${plain}` : past;
}

/** What it was about; what is not known by a word of its own is shown as it is. */
function Subject({ deed }) {
  const { ids, count: number, file, file_id: fileId, name, role, by, why, all, reason, ...rest } = deed.subject;
  const said = [];
  if (name) said.push(<span class="mono">{name}{role ? ` (${role})` : ""}</span>);
  if (ids?.length) said.push(ids.length === 1 && ids[0].trim() ? <a class="mono" href={link(["dead-letter", ids[0]])}>{ids[0]}</a> : plural(number ?? ids.length, "dead letter"));
  if (reason) said.push(<>dead letters by the reason <span class="mono">{reason}</span></>);
  if (all) said.push("all dead letters");
  const id = file ?? fileId;
  if (id?.trim()) said.push(<>{said.length ? "of " : ""}<a class="mono" href={link(["file", id])}>{id}</a></>);
  for (const [key, value] of Object.entries(rest)) said.push(typeof value === "number" ? <span class="muted">({count(value)} {key.replaceAll("_", " ")})</span> : <span class="muted">{worded(key.replaceAll("_", " "), value)}</span>);
  return said.map((each, at) => <span key={at}>{at ? " " : ""}{each}</span>);
}

function Result({ result }) {
  if (!result) return <p class="muted">the result is not known</p>;
  if (result.error) return <p class="notice bad"><Text text={result.error} /></p>;
  const all = Object.entries(result);
  const came = all.filter(([, value]) => value !== 0);
  if (!came.length) return all.length > 0 && <p class="muted">it had no effect</p>;
  return <p class="why">{came.map(([name, value], at) => <span key={name}>{at ? ", " : ""}{worded(name.replaceAll("_", " "), value)}</span>)}</p>;
}

function worded(name, value) {
  if (typeof value === "number") return `${count(value)} ${name}`;
  return <>{name} <span class="mono">{name === "query id" ? <a href={link(["ask", value])}>{value}</a> : <Text text={typeof value === "string" ? value : JSON.stringify(value)} />}</span></>;
}
