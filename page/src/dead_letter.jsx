// One dead letter: why it died, each attempt, its lines.

import { useState } from "preact/hooks";
import { get, mayOperate } from "./api.js";
import { subject } from "./dead_letters.jsx";
import { Decide, progressOf, run } from "./decide.jsx";
import { facts } from "./facts.js";
import { Chip, Facts, Notice, Text, Waiting } from "./parts.jsx";
import { usePolled } from "./polling.js";
import { link } from "./route.js";
import { ago, count, moment, plural } from "./words.js";

export function DeadLetter({ id, onChange }) {
  const [lines, setLines] = useState(20);
  const asked = usePolled(`letter ${id} ${lines}`, (signal) => get(`dead-letters/${encodeURIComponent(id)}`, { lines }, { signal }), (letter) => letter.state === "redriven");
  const [progress, setProgress] = useState(null);
  const [discarding, setDiscarding] = useState(false);
  const letter = asked.data;
  const back = <p class="back"><a href={link(["dead-letters"])}>Dead letters</a></p>;
  if (!letter) return <>{back}{asked.error ? <Notice error={asked.error} /> : <Waiting what="Loading the dead letter" />}</>;
  const act = async (what, decision) => {
    setDiscarding(false);
    await run(what, { ids: [id], ...decision }, 1, setProgress);
    asked.again();
    onChange();
  };
  const busy = Boolean(progress && !progress.done);
  const isOpen = letter.state === "dead" || letter.state === "redriven";
  return (
    <>
      {back}
      <div class="title"><h1><Text text={subject(letter)} /></h1><Chip state={letter.state} /></div>
      <p class="notice bad"><strong>{letter.code}</strong> <Text text={letter.reason} /></p>
      {facts.remedies[letter.code] && <p class="notice">{facts.remedies[letter.code]}</p>}
      {isOpen && mayOperate() && (
        <div class="tools acting">
          <button type="button" disabled={busy || !letter.redrivable} onClick={() => act("redrive", {})}>Redrive</button>
          <button type="button" class="quiet danger" disabled={busy} onClick={() => setDiscarding(true)}>Discard …</button>
          {!letter.redrivable && <span class="muted">It cannot be redriven as it is.</span>}
        </div>
      )}
      {progress && <div role="status">{progressOf(progress)}</div>}
      {discarding && <Decide title="Discard this dead letter for good" onClose={() => setDiscarding(false)} onDecide={(decision) => act("discard", decision)} />}
      <Facts pairs={[
        ["file", letter.file_id && <a href={link(["file", letter.file_id])}><Text text={letter.key ?? letter.file_id} /></a>],
        ["holds", letter.lines !== null && `${plural(letter.entries, "entry", "entries")}, ${plural(letter.lines, "line")}, ${count(letter.bytes)} bytes from byte ${count(letter.offset)}`],
        ["died", `${moment(letter.died_at)} (${ago(letter.died_at)}), received ${letter.receives === 1 ? "once" : `${count(letter.receives)} times`}`],
        ["redriven", letter.redrives ? `${plural(letter.redrives, "time")}, last ${moment(letter.changed_at)}` : null],
        ["discarded by", letter.by && <Text text={letter.by} />], ["why", letter.why && <Text text={letter.why} />],
        ["id", <span class="mono">{letter.dead_letter_id}</span>], ["trace", letter.trace && <span class="mono">{letter.trace}</span>],
      ]} />
      {letter.attempts.length > 0 && (
        <section aria-labelledby="attempts">
          <h2 id="attempts">Attempts</h2>
          <ol class="attempts">{letter.attempts.map((each, at) => <li key={at}><span class="time">{moment(each.at)}</span> <strong>{each.code}</strong> <Text text={each.reason} /></li>)}</ol>
        </section>
      )}
      {letter.text && (
        <section aria-labelledby="lines">
          <h2 id="lines">Its lines</h2>
          <ol class="entries">
            {letter.text.map((each) => <li key={each.offset}><span class="offset" title={`byte ${each.offset} of the text`}>{each.line === null ? `@${count(each.offset)}` : count(each.line)}</span> <code><Text text={each.text} />{each.cut ? " …" : ""}</code></li>)}
          </ol>
          {letter.more_lines > 0 && <p><button type="button" class="quiet" disabled={lines >= 1000} onClick={() => setLines(Math.min(1000, lines * 5))}>{lines < 1000 ? `Show more of the other ${count(letter.more_lines)}` : `${plural(letter.more_lines, "line")} more`}</button></p>}
        </section>
      )}
      {letter.text === undefined && (
        <section aria-labelledby="message">
          <h2 id="message">The message</h2>
          {letter.body === null ? <p class="muted">It is gone from the quarantine bucket.</p> : <pre class="block" tabIndex={0} role="region" aria-label="The message"><Text text={letter.body} /></pre>}
          {letter.more_characters > 0 && <p class="muted">and {count(letter.more_characters)} more characters</p>}
        </section>
      )}
    </>
  );
}
