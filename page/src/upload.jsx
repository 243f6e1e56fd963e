// Files are dropped here, or on any part of the screen, and go straight to the input bucket.

import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "./api.js";
import { Chip, Notice } from "./parts.jsx";
import { link } from "./route.js";
import { send } from "./sending.js";
import { bytes, percent, span } from "./words.js";

const LOOKS = 40;
const LOOK_MS = 1500;

export function Upload() {
  const [folder, setFolder] = useState("");
  const [sent, setSent] = useState([]);
  const [over, setOver] = useState(false);
  const picker = useRef(null);
  const queue = useRef(Promise.resolve());

  const change = (id, changed) => setSent((old) => old.map((each) => (each.id === id ? { ...each, ...changed } : each)));
  const add = (files) => {
    const prefix = folder.trim().replace(/^\/+/, "").replace(/([^/])$/, "$1/");
    for (const file of files) {
      const id = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
      const key = prefix + (file.webkitRelativePath || file.name);
      const stop = new AbortController();
      setSent((old) => [{ id, key, size: file.size, done: 0, state: "waiting", stop }, ...old]);
      queue.current = queue.current.then(() => one(id, key, file, stop));
    }
  };
  const one = async (id, key, file, stop) => {
    if (stop.signal.aborted) return;
    const began = Date.now();
    try {
      change(id, { state: "sending", began });
      await send(key, file, stop.signal, (done) => change(id, { done }));
      change(id, { state: "sent", done: file.size, took: (Date.now() - began) / 1000 });
      follow(id, key, began, change);
    } catch (error) {
      change(id, error.name === "AbortError" ? { state: "stopped" } : { state: "failed", error });
    }
  };

  useEffect(() => {
    const files = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    const drag = (event) => { if (files(event)) { event.preventDefault(); setOver(true); } };
    const leave = (event) => { if (!event.relatedTarget) setOver(false); };
    const drop = (event) => {
      if (!files(event)) return;
      event.preventDefault();
      setOver(false);
      add([...event.dataTransfer.files]);
    };
    addEventListener("dragover", drag);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", drag);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, [folder]);

  return (
    <>
      <div class="title"><h1>Upload</h1></div>
      <p class="lead">Log files are uploaded straight to the input bucket, each by a signed address that is valid for an hour.</p>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label class="wide">Folder in the bucket<input value={folder} onInput={(event) => setFolder(event.target.value)} placeholder="none" spellcheck={false} autocomplete="off" /></label>
      </form>
      <div class={over ? "drop over" : "drop"}>
        <p><strong>Drop log files here</strong></p>
        <button type="button" onClick={() => picker.current.click()}>Choose files</button>
        <input ref={picker} class="hidden" type="file" multiple tabIndex={-1} aria-label="Log files" onChange={(event) => { add([...event.target.files]); event.target.value = ""; }} />
      </div>
      {sent.length > 0 && (
        <ul class="sending" aria-label="Uploads">
          {sent.map((each) => (
            <li key={each.id}>
              <div class="row"><strong>{each.key}</strong><State sent={each} /></div>
              <progress max={each.size || 1} value={each.size ? each.done : each.state === "sent" ? 1 : 0} aria-label={`Upload of ${each.key}`} />
              <div class="row muted">
                <span>{each.size ? percent(each.done, each.size) : ""} of {bytes(each.size)}{rate(each)}</span>
                {each.file && <a href={link(["file", each.file.file_id])}>Watch it being read</a>}
                {(each.state === "sending" || each.state === "waiting") && <button type="button" class="quiet small" onClick={() => { each.stop.abort(); change(each.id, { state: "stopped" }); }}>Stop</button>}
              </div>
              {each.error && <Notice error={each.error} />}
            </li>
          ))}
        </ul>
      )}
      <p class="hidden" role="status">{sent.filter((each) => each.state === "sent").length} of {sent.length} sent</p>
    </>
  );
}

function State({ sent }) {
  if (sent.file) return <Chip state={sent.file.state} />;
  const tone = { sent: "done", failed: "failed", stopped: "discarded" }[sent.state] ?? "pending";
  const word = sent.state === "sent" ? "sent, not opened yet" : sent.state;
  return <span class={`chip ${{ done: "parsed", failed: "dead", discarded: "discarded", pending: "pending" }[tone]}`}>{word}</span>;
}

function rate(sent) {
  if (sent.took !== undefined) return `, in ${span(sent.took)}`;
  if (sent.state !== "sending" || !sent.done) return "";
  const seconds = (Date.now() - sent.began) / 1000;
  const left = ((sent.size - sent.done) * seconds) / sent.done;
  return `, ${bytes(sent.done / seconds)}/s, ${span(left)} left`;
}

/** Looks for the file that the upload becomes; S3 tells the splitter within seconds. */
async function follow(id, key, began, change) {
  for (let look = 0; look < LOOKS; look += 1) {
    await new Promise((done) => setTimeout(done, LOOK_MS));
    try {
      const page = await get("files", { key, limit: 1 });
      const file = page.items[0];
      if (file && Date.parse(file.opened_at) >= began - 60_000) {
        change(id, { file });
        if (file.settled_at) return;
      }
    } catch {
      return;
    }
  }
}
