// What people do with dead letters: sent again or given up, many in several calls, with progress.

import { useState } from "preact/hooks";
import { post } from "./api.js";
import { Dialog, Text } from "./parts.jsx";
import { count, plural } from "./words.js";

/** what: `redrive` or `discard`. all: how many there are, null while that is unknown. tell: is given the progress after each call, until `done`. */
export async function run(what, selection, all, tell) {
  const progress = { what, all, changed: 0, resolved: 0, refused: 0, refusals: [], done: false, error: null };
  tell({ ...progress });
  let cursor;
  try {
    do {
      const answer = await post(`dead-letters/${what}`, cursor ? { ...selection, cursor } : selection);
      progress.changed += answer.redriven ?? answer.discarded ?? 0;
      progress.resolved += answer.resolved;
      progress.refused += answer.refused;
      progress.refusals.push(...answer.refusals);
      cursor = answer.cursor;
      tell({ ...progress });
    } while (cursor);
  } catch (error) {
    progress.error = error;
  }
  tell({ ...progress, done: true });
}

export function progressOf({ what, all, changed, resolved, refused, refusals, done, error }) {
  const verb = what === "redrive" ? "redriven" : "discarded";
  return (
    <div class={error || refused ? "notice bad" : "notice"}>
      {!done && <progress max={all ?? 1} value={all === null ? undefined : changed + resolved + refused} aria-label={`${verb}`} />}
      <p>{done ? "" : "Working: "}{plural(changed, "dead letter")} {verb}{resolved ? `, ${count(resolved)} had been resolved` : ""}{refused ? `, ${count(refused)} refused` : ""}.</p>
      {refusals.slice(0, 5).map((each) => <p key={each.dead_letter_id}><span class="mono">{each.dead_letter_id}</span>: <Text text={each.why} /></p>)}
      {error && <p><Text text={error.message} /></p>}
    </div>
  );
}

export function Decide({ title, onClose, onDecide }) {
  const [by, setBy] = useState("");
  const [why, setWhy] = useState("");
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={(event) => { event.preventDefault(); if (by.trim() && why.trim()) onDecide({ by: by.trim(), why: why.trim() }); }}>
        <p>Their lines are counted as discarded from then on. The file says so for good.</p>
        <label>Who decides<input value={by} maxlength={100} required onInput={(event) => setBy(event.target.value)} autocomplete="off" /></label>
        <label>Why<input value={why} maxlength={500} required onInput={(event) => setWhy(event.target.value)} autocomplete="off" /></label>
        <div class="actions"><button type="button" class="quiet" onClick={onClose}>Keep</button><button type="submit" class="danger">Discard</button></div>
      </form>
    </Dialog>
  );
}
