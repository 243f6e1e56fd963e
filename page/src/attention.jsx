// What needs attention first: dead letters, files that did not end well, stalled ones, many rejects.

import { useRef, useState } from "preact/hooks";
import { get } from "./api.js";
import { Text } from "./parts.jsx";
import { usePolled } from "./polling.js";
import { link } from "./route.js";
import { batchesIn, parted, percent, plural, since, span } from "./words.js";

const WHY = {
  INCOMPLETE: ["dead", "parts of it are dead-lettered"],
  DAMAGED: ["rejected", "the object itself is damaged"],
  FAILED: ["dead", "nothing could be read"],
  SUPERSEDED: ["discarded", "overwritten while it was read"],
};
const PHRASES = { rejects: "with many rejects" };
const FEW = 5;
const MANY = 100; // of each kind: more the API does not give
const SHOWN_MAX = 6;

function itemOf({ why, share, share_of: of, quiet_since: quiet, file }) {
  const { name } = parted(file.key);
  if (why === "rejects") return { tone: "rejected", view: ["rejects"], name, kind: "rejects", what: `${percent(share, 1)} of its ${of} are rejects` };
  if (why === "stalled") return { tone: "pending", view: [], name, kind: "stalled", what: `no progress for ${span(since(quiet))}; the sweeper resends what is missing` };
  const [tone, what] = WHY[why] ?? ["dead", why];
  return { tone, view: [], name, kind: why.toLowerCase(), what: file.reason ? batchesIn(file.reason).join("") : what };
}

/** letters: the first page of the dead letters, which the badge counts too. */
export function Attention({ letters }) {
  const [limit, setLimit] = useState(FEW);
  const asked = usePolled(`attention ${limit}`, (signal) => get("attention", { limit }, { signal }));
  const last = useRef(null);
  last.current = asked.data ?? last.current;
  const dead = letters?.items ?? [];
  const files = last.current?.files ?? [];
  const isMore = last.current?.more ?? false;
  const shown = limit === FEW ? files.slice(0, SHOWN_MAX - (dead.length ? 1 : 0)) : files;
  const all = files.length + (dead.length ? 1 : 0);
  if (!all) return null;
  return (
    <section class="attention" aria-labelledby="attention">
      <h2 id="attention">Needs attention</h2>
      <ul>
        {dead.length > 0 && (
          <li class="dead">
            <a href={link(["dead-letters"])}><strong>{letters.cursor ? `more than ${plural(dead.length, "dead letter")}` : plural(dead.length, "dead letter")}</strong></a>
            <p><Text text={dead[0].reason} /></p>
          </li>
        )}
        {shown.map((each) => {
          const { tone, view, name, kind, what } = itemOf(each);
          return (
            <li key={`${each.why} ${each.file.file_id}`} class={tone}>
              <a href={link(["file", each.file.file_id, ...view])}><strong><Text text={name} /></strong><span class="kind">{kind}</span></a>
              <p><Text text={what} /></p>
            </li>
          );
        })}
      </ul>
      {(limit !== FEW || shown.length < files.length || isMore) && (
        <p class="muted all">
          {tallyOf(files, limit, isMore)}
          <button type="button" class="quiet small" onClick={() => setLimit(limit === FEW ? MANY : FEW)}>{limit === FEW ? "Show more" : "Show fewer"}</button>
        </p>
      )}
    </section>
  );
}

/** How many there are of each kind; those of a state are a list of their own, which has older ones too. */
function tallyOf(files, limit, isMore) {
  const tally = new Map();
  for (const { why } of files) tally.set(why, (tally.get(why) ?? 0) + 1);
  return [...tally].map(([why, number]) => {
    const text = `${number}${isMore && number >= limit ? " or more" : ""} ${PHRASES[why] ?? why.toLowerCase()}`;
    return <span key={why}>{WHY[why] ? <a href={link([], { state: why })}>{text}</a> : text}</span>;
  });
}
