// The page: a token, and then where the reader is.

import "./page.css";
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { discover, enter, forget, get, mayAdminister, mayAsk, mayOperate, onRefusal, token } from "./api.js";
import { Ask } from "./ask.jsx";
import { Audit } from "./audit.jsx";
import { DeadLetter } from "./dead_letter.jsx";
import { DeadLetters } from "./dead_letters.jsx";
import { File } from "./file.jsx";
import { Overview } from "./overview.jsx";
import { Notice, Waiting } from "./parts.jsx";
import { usePolled } from "./polling.js";
import { link, useRoute } from "./route.js";
import { DropAnywhere, Tray, Upload } from "./upload.jsx";
import { forgetUploads } from "./uploads.js";
import { count, plural } from "./words.js";

const SCREENS = ["dead-letters", "ask", "upload", "audit"];
const OF_ONE = ["file", "dead-letter"];
const ROLES = { ask: "read", upload: "operate", audit: "administer" };

const Needs = ({ role }) => <Notice error={{ message: `This needs a token with the role ${role}.` }} />;

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path class="grain" d="M4 9h24M4 23h24" />
      <path class="split" d="M4 16h13l11-4M17 16l11 4" />
    </svg>
  );
}

function Door({ why, onEnter }) {
  const [error, setError] = useState(why ? { message: why } : null);
  const [busy, setBusy] = useState(false);
  const field = useRef(null);
  useEffect(() => field.current.focus(), []);
  const submit = async (event) => {
    event.preventDefault();
    const given = field.current.value.trim();
    if (!given) return;
    setBusy(true);
    try {
      await enter(given);
      onEnter();
    } catch (failure) {
      const wrong = failure.status === 401 || failure.status === 403;
      setError(wrong ? { message: "The API does not accept this token." } : failure);
      setBusy(false);
      field.current.select();
    }
  };
  return (
    <main class="door">
      <form onSubmit={submit}>
        <h1><Mark />Froe</h1>
        <p>Log files in, typed records out, every line accounted for.</p>
        <label for="token">Token of the status API</label>
        <input id="token" ref={field} type="password" autocomplete="off" spellcheck={false} required aria-describedby="token-help" />
        <p id="token-help" class="muted">The token that <code>froe up</code> or the first <code>froe deploy</code> printed. This tab keeps it until it is closed.</p>
        {error && <Notice error={error} />}
        <button type="submit" disabled={busy}>{busy ? "Checking …" : "Open"}</button>
      </form>
    </main>
  );
}

function Shell({ onLeave }) {
  const route = useRoute();
  const [me, setMe] = useState(null);
  const [error, setError] = useState(null);
  const main = useRef(null);
  const first = useRef(true);
  const screen = route.parts.slice(0, route.parts[0] === "ask" ? 1 : 2).join("/");
  useEffect(() => {
    discover().then(setMe, setError);
  }, []);
  useEffect(() => {
    if (!first.current) main.current?.focus();
    first.current = false;
    scrollTo(0, 0);
  }, [screen]);
  const letters = usePolled("letters", (signal) => get("dead-letters", { limit: 100 }, { signal }));
  const dead = letters.data?.items?.length ?? 0;
  const [where, id] = route.parts;
  const at = (name) => ((where ?? "") === name ? "page" : undefined);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>Skip to the content</a>
      <header class="top">
        <a class="brand" href={link([])}><Mark />Froe</a>
        <nav aria-label="Main">
          <a href={link([])} aria-current={at("") ?? (where === "file" ? "true" : undefined)}>Files</a>
          <a href={link(["dead-letters"])} aria-current={at("dead-letters") ?? (where === "dead-letter" ? "true" : undefined)}>
            Dead letters{dead > 0 && <span class="badge"><span class="hidden">: </span>{count(dead)}{letters.data.cursor ? "+" : ""}</span>}
          </a>
          {mayAsk() && <a href={link(["ask"])} aria-current={at("ask")}>Ask</a>}
          {mayOperate() && <a href={link(["upload"])} aria-current={at("upload")}>Upload</a>}
          {mayAdminister() && <a href={link(["audit"])} aria-current={at("audit")}>Audit</a>}
        </nav>
        {me && <span class="role" title={`${me.name} may ${me.role}`}>{me.name}</span>}
        <button type="button" class="quiet" onClick={onLeave}>Forget token</button>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {error && <Notice error={error} />}
        {!where && <Overview query={route.query} letters={letters.data} />}
        {where === "file" && id && <File key={id} id={id} view={route.parts[2] ?? ""} query={route.query} />}
        {where === "dead-letters" && <DeadLetters query={route.query} onChange={letters.again} />}
        {where === "dead-letter" && id && <DeadLetter key={id} id={id} onChange={letters.again} />}
        {ROLES[where] && !me && !error && <Waiting />}
        {me && where === "ask" && <Ask id={id} />}
        {me && where === "upload" && (mayOperate() ? <Upload /> : <Needs role={ROLES.upload} />)}
        {me && where === "audit" && (mayAdminister() ? <Audit query={route.query} /> : <Needs role={ROLES.audit} />)}
        {where && !SCREENS.includes(where) && !(id && OF_ONE.includes(where)) && (
          <p class="empty">There is no such page. <a href={link([])}>Go to the files</a></p>
        )}
      </main>
      {where !== "upload" && <Tray />}
    </>
  );
}

/** Leaves nothing of the token in the tab, and says what became of the uploads. */
function leave(why) {
  const stopped = forgetUploads(); // while the token is there, which ends what was sent in parts
  forget();
  return [why, stopped && `${plural(stopped, "upload")} had not ended and ${stopped === 1 ? "was" : "were"} stopped: send ${stopped === 1 ? "that file" : "those files"} again.`].filter(Boolean).join(" ");
}

function Page() {
  const [isIn, setIn] = useState(Boolean(token()));
  const [why, setWhy] = useState("");
  const out = (reason) => {
    setWhy(leave(reason));
    setIn(false);
  };
  useEffect(() => onRefusal(() => out("The API no longer accepts this token.")), []);
  return (
    <>
      {isIn
        ? <Shell onLeave={() => out("")} />
        : <Door why={why} onEnter={() => { setWhy(""); setIn(true); }} />}
      <DropAnywhere />
    </>
  );
}

render(<Page />, document.getElementById("page"));
