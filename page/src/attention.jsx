// What needs attention first: dead letters, files that did not end well, stalled ones, many rejects.

import { isMoving, rejectShare } from "./account.js";
import { get, has } from "./api.js";
import { usePolled } from "./polling.js";
import { link } from "./route.js";
import { parted, percent, plural, since, span } from "./words.js";

const WHY = {
  INCOMPLETE: ["dead", "parts of it are dead-lettered"],
  DAMAGED: ["rejected", "the object itself is damaged"],
  FAILED: ["dead", "nothing could be read"],
  SUPERSEDED: ["discarded", "overwritten while it was read"],
};
const EACH_MAX = 5;
const SHOWN_MAX = 6;
const REJECTS_SHARE = 0.05;
const STALLED_SECONDS = 900;
const RECENT_SECONDS = 7 * 86_400;

/** As the API's own route gives it; without that, asked state by state. */
async function troubles(signal) {
  if (has("GET", "/attention")) return get("attention", { limit: EACH_MAX }, { signal });
  const [letters, ...lists] = await Promise.all([
    get("dead-letters", { limit: 100 }, { signal }),
    ...Object.keys(WHY).map((state) => get("files", { state, limit: EACH_MAX }, { signal })),
  ]);
  const files = lists.flatMap((page) => page.items).filter((file) => file.state === "INCOMPLETE" || since(file.opened_at) < RECENT_SECONDS);
  return { dead_letters: { items: letters.items, more: Boolean(letters.cursor) }, files: files.map((file) => ({ why: file.state, file })), more: false, isListed: true };
}

/** What only the list tells, where the API has no route for it. */
function inList(files) {
  return files.flatMap((file) => {
    if (isMoving(file)) return since(file.opened_at) > STALLED_SECONDS ? [{ why: "slow", file }] : [];
    return rejectShare(file) > REJECTS_SHARE ? [{ why: "rejects", share: rejectShare(file), file }] : [];
  });
}

function itemOf({ why, share, quiet_since: quiet, file }) {
  const { name } = parted(file.key);
  if (why === "rejects") return { tone: "rejected", view: ["rejects"], name, kind: "rejects", what: `${percent(share, 1)} of it are rejects` };
  if (why === "stalled") return { tone: "pending", view: [], name, kind: "stalled", what: `no progress for ${span(since(quiet))}; the sweeper resends what is missing` };
  if (why === "slow") return { tone: "pending", view: [], name, kind: "slow", what: `in progress for ${span(since(file.opened_at))}; after an hour without progress the sweeper resends what is missing` };
  const [tone, what] = WHY[why] ?? ["dead", why];
  return { tone, view: [], name, kind: why.toLowerCase(), what: file.reason ?? what };
}

export function Attention({ files }) {
  const asked = usePolled("attention", troubles, () => false);
  if (!asked.data) return null;
  const { dead_letters: letters, more, isListed } = asked.data;
  const found = [...asked.data.files, ...(isListed ? inList(files) : [])];
  const all = found.length + (letters.items.length ? 1 : 0);
  if (!all) return null;
  const shown = found.slice(0, SHOWN_MAX - (letters.items.length ? 1 : 0));
  return (
    <section class="attention" aria-labelledby="attention">
      <h2 id="attention">Needs attention</h2>
      <ul>
        {letters.items.length > 0 && (
          <li class="dead">
            <a href={link(["dead-letters"])}><strong>{letters.more ? `more than ${plural(letters.items.length, "dead letter")}` : plural(letters.items.length, "dead letter")}</strong></a>
            <p>{letters.items[0].reason}</p>
          </li>
        )}
        {shown.map((each) => {
          const { tone, view, name, kind, what } = itemOf(each);
          return (
            <li key={`${each.why} ${each.file.file_id}`} class={tone}>
              <a href={link(["file", each.file.file_id, ...view])}><strong>{name}</strong><span class="kind">{kind}</span></a>
              <p>{what}</p>
            </li>
          );
        })}
      </ul>
      {(all > SHOWN_MAX || more) && <p class="muted">and more: filter by state to find them</p>}
    </section>
  );
}
