// The uploads of this tab; and wherever the reader is, files can be dropped, and their uploads are in sight.

import { useEffect, useRef, useState } from "preact/hooks";
import { mayOperate } from "./api.js";
import { Chip, Notice, Text } from "./parts.jsx";
import { link } from "./route.js";
import { add, again, filesOf, folderOf, isFollowed, isSending, putInto, stop, useUploads } from "./uploads.js";
import { bytes, count, percent, plural, span } from "./words.js";

const ROWS_MAX = 100;
const LATE_MS = 60_000;

/** Takes what is dropped anywhere on the page. A file that is dropped beside it would else replace the page. */
export function DropAnywhere() {
  const [over, setOver] = useState(false);
  const [refusal, setRefusal] = useState(null);
  useEffect(() => {
    const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    const drag = (event) => { if (holdsFiles(event)) { event.preventDefault(); setOver(true); } };
    const leave = (event) => { if (!event.relatedTarget) setOver(false); };
    const drop = async (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(false);
      try {
        if (mayOperate()) add(await filesOf(event.dataTransfer));
        setRefusal(mayOperate() ? null : { message: "Nothing was uploaded: that needs a token with the role operate." });
      } catch (error) {
        setRefusal({ message: `Nothing was uploaded: what was dropped cannot be read (${error.message}).` });
      }
    };
    addEventListener("dragover", drag);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", drag);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, []);
  return (
    <>
      {over && <div class="veil"><p>{mayOperate() ? <>Drop to upload into <strong>{folderOf().trim() || "the input bucket"}</strong></> : "An upload needs a token with the role operate"}</p></div>}
      {refusal && <div class="refusal"><Notice error={refusal} /><button type="button" class="quiet small" onClick={() => setRefusal(null)}>Close</button></div>}
    </>
  );
}

/** On the other screens: how far the uploads are. */
export function Tray() {
  const uploads = useUploads();
  const [hidden, hide] = useState(0);
  if (!uploads.length || hidden === uploads.length) return null;
  const { sending, reading, failed, text } = stand(uploads);
  const all = uploads.filter((each) => each.state !== "stopped").reduce((sum, each) => sum + each.size, 0);
  const done = uploads.filter((each) => each.state !== "stopped").reduce((sum, each) => sum + each.done, 0);
  return (
    <aside class={failed ? "tray bad" : "tray"} aria-label="Uploads">
      <p role="status">{text}</p>
      {sending > 0 && <progress max={all || 1} value={done} aria-label="Bytes sent" />}
      <a href={link(["upload"])}>Show them</a>
      {!sending && !reading && <button type="button" class="quiet small" onClick={() => hide(uploads.length)}>Close</button>}
    </aside>
  );
}

function stand(uploads) {
  const number = (of) => uploads.filter(of).length;
  const sending = number(isSending);
  const reading = number(isFollowed);
  const failed = number((each) => each.state === "failed");
  const settled = number((each) => each.file?.settled_at);
  const said = [[sending, "to send"], [reading, "being read"], [settled, "settled"], [failed, "not sent"]].filter(([each]) => each).map(([each, word]) => `${count(each)} ${word}`);
  return { sending, reading, failed, text: `${plural(uploads.length, "upload")}${said.length ? `: ${said.join(", ")}` : ""}` };
}

export function Upload() {
  const uploads = useUploads();
  const [folder, setFolder] = useState(folderOf());
  const picker = useRef(null);
  return (
    <>
      <div class="title"><h1>Upload</h1></div>
      <p class="lead">Log files go straight to the input bucket, each by an address that is signed for an hour. You may leave this screen meanwhile, and drop files on any other.</p>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label class="wide">Folder in the bucket<input value={folder} onInput={(event) => { setFolder(event.target.value); putInto(event.target.value); }} placeholder="none" spellcheck={false} autocomplete="off" /></label>
      </form>
      <div class="drop">
        <p><strong>Drop log files or folders here</strong></p>
        <button type="button" onClick={() => picker.current.click()}>Choose files</button>
        <input ref={picker} class="hidden" type="file" multiple tabIndex={-1} aria-label="Log files" onChange={(event) => { add([...event.target.files].map((file) => ({ file, path: file.name }))); event.target.value = ""; }} />
      </div>
      {uploads.length > 0 && <p role="status">{stand(uploads).text}</p>}
      {uploads.length > 0 && (
        <ul class="sending" aria-label="Uploads">{uploads.slice(0, ROWS_MAX).map((each) => <One key={each.id} upload={each} />)}</ul>
      )}
      {uploads.length > ROWS_MAX && <p class="muted">and {count(uploads.length - ROWS_MAX)} before these</p>}
    </>
  );
}

function One({ upload }) {
  const { id, key, size, done, state, file, error, sentAt } = upload;
  const isLate = state === "sent" && !file && Date.now() - sentAt > LATE_MS;
  return (
    <li>
      <div class="row"><strong><Text text={key} /></strong><State upload={upload} /></div>
      <progress max={size || 1} value={size ? done : state === "sent" ? 1 : 0} aria-label={`Upload of ${key}`} />
      <div class="row muted">
        <span>{size ? `${percent(done, size)} of ` : ""}{bytes(size)}{rate(upload)}</span>
        {file && <a href={link(["file", file.file_id])}>{file.settled_at ? "See its account" : "Watch it being read"}</a>}
        {isSending(upload) && <button type="button" class="quiet small" onClick={() => stop(id)}>Stop</button>}
        {state === "failed" && <button type="button" class="quiet small" onClick={() => again(id)}>Send it again</button>}
      </div>
      {isLate && <p class="muted">The bucket has not announced it yet. The sweeper looks every 15 minutes for objects that were never announced.</p>}
      {error && <Notice error={error} />}
    </li>
  );
}

function State({ upload: { state, file } }) {
  if (file) return <Chip state={file.state} />;
  const tone = { sent: "parsed", failed: "dead", stopped: "discarded" }[state] ?? "pending";
  return <span class={`chip ${tone}`}>{{ sent: "sent, not opened yet", failed: "not sent" }[state] ?? state}</span>;
}

function rate(upload) {
  if (upload.took !== undefined) return `, in ${span(upload.took)}`;
  if (upload.state !== "sending" || !upload.done) return "";
  const seconds = (Date.now() - upload.began) / 1000;
  const left = ((upload.size - upload.done) * seconds) / upload.done;
  return `, ${bytes(upload.done / seconds)}/s, ${span(left)} left`;
}
