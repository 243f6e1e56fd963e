// Dead letters: why each died; one or many are sent again, or given up.

import { useMemo, useState } from "preact/hooks";
import { get, mayOperate } from "./api.js";
import { Decide, progressOf, run } from "./decide.jsx";
import { Chip, Empty, Notice, Text, Waiting, plain } from "./parts.jsx";
import { useClock, usePolled } from "./polling.js";
import { go, link } from "./route.js";
import { ago, batchName, count, moment, parted, plural } from "./words.js";

const STATES = [["", "dead-lettered"], ["redriven", "redriven"], ["resolved", "resolved"], ["discarded", "discarded"], ["all", "all"]];

export function DeadLetters({ query, onChange }) {
  const asked = { state: query.get("state") ?? "", reason: query.get("reason") ?? "", file: query.get("file") ?? "" };
  const key = JSON.stringify(asked);
  const letters = usePolled(`letters ${key}`, (signal) => get("dead-letters", { ...asked, limit: 200 }, { signal }), (page) => page.items.some((each) => each.state === "redriven"));
  const [chosen, setChosen] = useState(new Set());
  const [every, setEvery] = useState(null); // the filters of which all are chosen, those beyond the list too
  const [progress, setProgress] = useState(null);
  const [discarding, setDiscarding] = useState(false);
  const now = useClock(5000);
  const items = letters.data?.items ?? [];
  const known = useMemo(() => new Set(items.map((each) => each.dead_letter_id)), [letters.data]);
  const picked = [...chosen].filter((id) => known.has(id));
  const isEvery = every === key && Boolean(letters.data?.cursor);
  const isAny = isEvery || picked.length > 0;
  const named = isEvery ? "all that match" : count(picked.length);
  const busy = Boolean(progress && !progress.done);
  const toggle = (id) => setChosen((old) => { const next = new Set(old); if (!next.delete(id)) next.add(id); return next; });
  const act = async (what, decision) => {
    setDiscarding(false);
    const { reason, file } = asked;
    const selection = !isEvery ? { ids: picked } : reason || file ? { reason: reason || undefined, file: file || undefined } : { all: true };
    await run(what, { ...selection, ...decision }, isEvery ? null : picked.length, setProgress);
    setChosen(new Set());
    setEvery(null);
    letters.again();
    onChange();
  };
  const ask = (changed) => go(["dead-letters"], { ...asked, ...changed }, { replace: true });
  return (
    <>
      <div class="title"><h1>Dead letters</h1></div>
      <p class="lead">A message that kept failing, or can never succeed, is kept whole with its reason. Fix the cause, then redrive it: the file ends as if nothing had failed.</p>
      <search>
        <form class="filters" aria-label="Filters" onSubmit={(event) => { event.preventDefault(); ask({ reason: event.target.elements.reason.value.trim() }); }}>
          <label>State<select value={asked.state} onChange={(event) => ask({ state: event.target.value })}>{STATES.map(([value, title]) => <option key={title} value={value}>{title}</option>)}</select></label>
          <label class="wide">Reason<input name="reason" type="search" key={asked.reason} defaultValue={asked.reason} placeholder="a code, or a part of the reason" onBlur={(event) => event.target.value.trim() !== asked.reason && ask({ reason: event.target.value.trim() })} /></label>
          {asked.file && <button type="button" class="quiet" onClick={() => ask({ file: "" })}>Of one file only: show all</button>}
        </form>
      </search>
      {letters.error && <Notice error={letters.error} />}
      {!letters.data && !letters.error && <Waiting what="Loading the dead letters" />}
      {items.length > 0 && mayOperate() && (
        <div class="tools acting">
          <label class="check"><input type="checkbox" checked={picked.length === items.length} onChange={(event) => { setChosen(event.target.checked ? new Set(known) : new Set()); setEvery(null); }} />all {count(items.length)}{letters.data.cursor ? " shown" : ""}</label>
          <button type="button" disabled={!isAny || busy} onClick={() => act("redrive", {})}>Redrive{isAny ? ` ${named}` : ""}</button>
          <button type="button" class="quiet danger" disabled={!isAny || busy} onClick={() => setDiscarding(true)}>Discard …</button>
          {letters.data.cursor && !asked.state && <label class="check"><input type="checkbox" checked={isEvery} onChange={(event) => setEvery(event.target.checked ? key : null)} />all that match, those beyond this list too</label>}
        </div>
      )}
      {progress && <div role="status">{progressOf(progress)}</div>}
      {discarding && <Decide title={isEvery ? "Discard all dead letters that match for good" : `Discard ${plural(picked.length, "dead letter")} for good`} onClose={() => setDiscarding(false)} onDecide={(decision) => act("discard", decision)} />}
      <ul class="letters">
        {items.map((each) => (
          <li key={each.dead_letter_id}>
            <input type="checkbox" aria-label={`Choose ${plain(subject(each))}, ${each.code}`} checked={chosen.has(each.dead_letter_id)} onChange={() => toggle(each.dead_letter_id)} />
            <div>
              <p class="head">
                <a href={link(["dead-letter", each.dead_letter_id])}><Text text={subject(each)} /></a>
                <Chip state={each.state} /><span class="code">{each.code}</span>
                {!each.redrivable && each.state === "dead" && <span class="muted">cannot be redriven</span>}
              </p>
              <p class="why"><Text text={each.reason} /></p>
              <p class="muted">{each.lines !== null ? `${plural(each.lines, "line")} · ` : ""}{plural(each.receives, "receive")}{each.redrives ? ` · ${plural(each.redrives, "redrive")}` : ""} · <span title={moment(each.died_at)}>died {ago(each.died_at, now)}</span></p>
            </div>
          </li>
        ))}
      </ul>
      {letters.data && !items.length && <Empty>{asked.state || asked.reason || asked.file ? "No dead letter matches these filters." : "No dead letters: nothing failed for good."}</Empty>}
      {letters.data?.cursor && <p class="muted">There are more: filters narrow the list, and others appear once these are handled.</p>}
    </>
  );
}

export function subject(letter) {
  const name = letter.key ? parted(letter.key).name : letter.kind;
  if (letter.kind === "batch" && letter.batch_id) return `${name}, batch ${batchName(letter.batch_id)}`;
  if (letter.kind === "split") return `${name}, split ${letter.split}`;
  return letter.kind === "notification" ? `${name}, notification` : name;
}
