// The uploads of this tab: they outlive the screen, and each is followed until its file has settled.

import { useEffect, useState } from "preact/hooks";
import { get, token } from "./api.js";
import { send } from "./sending.js";

const AT_ONCE = 3;
const LOOK_MS = 1500;
const SELDOM_MS = 20_000;
const LOOKS_AT_ONCE = 4;
const SAME_FILE_AFTER_MS = 60_000;

let uploads = [];
let folder = "";
let sending = 0;
let follower = null;
const watchers = new Set();

const tell = () => {
  for (const watcher of watchers) watcher(uploads);
};

function change(id, changed) {
  uploads = uploads.map((each) => (each.id === id ? { ...each, ...changed } : each));
  tell();
}

/** All of them, the newest first; `state` is `waiting`, `sending`, `sent`, `stopped` or `failed`, `file` what it became. */
export function useUploads() {
  const [seen, see] = useState(uploads);
  useEffect(() => {
    see(uploads);
    watchers.add(see);
    return () => watchers.delete(see);
  }, []);
  return seen;
}

export const isSending = (upload) => upload.state === "waiting" || upload.state === "sending";

export const isFollowed = (upload) => upload.state === "sent" && !upload.file?.settled_at;

export const folderOf = () => folder;

export function putInto(text) {
  folder = text;
}

/** files: [{file, path}] */
export function add(files) {
  const prefix = folder.trim().replace(/^\/+/, "").replace(/([^/])$/, "$1/");
  const added = files.map(({ file, path }) => ({
    id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, key: prefix + path, of: file, size: file.size, done: 0, state: "waiting", stop: new AbortController(),
  }));
  uploads = [...added.reverse(), ...uploads];
  tell();
  sendNext();
}

export function stop(id) {
  const upload = uploads.find((each) => each.id === id);
  if (!upload || !isSending(upload)) return;
  upload.stop.abort();
  change(id, { state: "stopped", of: null });
}

/** Sends one again that failed or was stopped. */
export function again(id) {
  change(id, { state: "waiting", done: 0, error: null, stop: new AbortController() });
  sendNext();
}

/** Stops what is under way, and forgets all. Gives how many were stopped. */
export function forgetUploads() {
  const stopped = uploads.filter(isSending);
  for (const each of stopped) each.stop.abort();
  clearTimeout(follower);
  follower = null;
  uploads = [];
  tell();
  return stopped.length;
}

/** The files of a drop, those in folders with their paths. To be called while the event is handled. */
export async function filesOf(transfer) {
  const entries = [...transfer.items].map((each) => each.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((each) => each.isDirectory)) return [...transfer.files].map((file) => ({ file, path: file.name }));
  const files = [];
  for (const entry of entries) await walk(entry, files);
  return files;
}

async function walk(entry, files) {
  if (entry.isFile) {
    files.push({ file: await new Promise((done, failed) => entry.file(done, failed)), path: entry.fullPath.replace(/^\/+/, "") });
    return;
  }
  const reader = entry.createReader();
  for (;;) { // it gives a hundred at a time
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return;
    for (const each of some) await walk(each, files);
  }
}

function sendNext() {
  const next = uploads.findLast((each) => each.state === "waiting");
  if (!next || sending >= AT_ONCE) return;
  sending += 1;
  sendOne(next).finally(() => {
    sending -= 1;
    sendNext();
  });
  sendNext();
}

async function sendOne({ id, key, of, stop: { signal } }) {
  const began = Date.now();
  change(id, { state: "sending", began });
  try {
    const before = (await get("files", { key, limit: 1 }, { signal })).items[0]?.file_id;
    await send(key, of, signal, (done) => change(id, { done }));
    const sentAt = Date.now();
    change(id, { state: "sent", of: null, done: of.size, took: (sentAt - began) / 1000, before, sentAt, wait: LOOK_MS, lookAt: sentAt + LOOK_MS });
    follow();
  } catch (error) {
    change(id, error.name === "AbortError" ? { state: "stopped" } : { state: "failed", error });
  }
}

/** Looks after all that were sent: soon while they move, ever more seldom while they do not. */
function follow() {
  if (follower) return;
  follower = setTimeout(async () => {
    const due = uploads.filter((each) => isFollowed(each) && each.lookAt <= Date.now());
    due.sort((one, other) => one.lookAt - other.lookAt);
    if (token() && !document.hidden) await Promise.all(due.slice(0, LOOKS_AT_ONCE).map(look));
    follower = null;
    if (uploads.some(isFollowed)) follow();
  }, LOOK_MS / 3);
}

async function look({ id, key, file, before, sentAt, wait }) {
  const next = (isNew) => {
    const pause = isNew ? LOOK_MS : Math.min(SELDOM_MS, wait * 1.4);
    return { wait: pause, lookAt: Date.now() + pause };
  };
  try {
    const answer = file ? await get(`files/${file.file_id}`) : (await get("files", { key, limit: 1 })).items[0];
    // In a bucket without versions the same bytes are the same file again.
    const isOwn = answer && (file || answer.file_id !== before || Date.now() - sentAt > SAME_FILE_AFTER_MS);
    change(id, isOwn ? { file: answer, ...next(JSON.stringify(answer) !== JSON.stringify(file)) } : next(false));
  } catch {
    change(id, next(false));
  }
}

addEventListener("beforeunload", (event) => {
  if (uploads.some(isSending)) event.preventDefault();
});
