// Sends one file by addresses that the API signs: whole, or in parts of which each is tried a few times.

import { Failure, post, token } from "./api.js";

const TRIES = 4;
const AT_ONCE = 3;

/**
 * tell: is given how many bytes have been sent. Throws AbortError where it is stopped. An upload in parts is ended with the
 * token that began it, even where the tab has forgotten that meanwhile.
 */
export async function send(key, file, signal, tell) {
  const bearer = token();
  const target = await post("uploads", { key, size: file.size });
  if (target.url) {
    await tried(() => put(target.url, target.headers ?? {}, file, signal, tell), signal);
    return;
  }
  const done = new Map();
  const parts = [];
  const waiting = [...target.parts];
  const ends = new AbortController();
  signal.addEventListener("abort", () => ends.abort());
  if (signal.aborted) ends.abort();
  const worker = async () => {
    for (let part = waiting.shift(); part && !ends.signal.aborted; part = waiting.shift()) {
      const { number, url } = part;
      const begin = (number - 1) * target.part_bytes;
      const body = file.slice(begin, Math.min(file.size, begin + target.part_bytes));
      const etag = await tried(() => put(url, {}, body, ends.signal, (bytes) => {
        done.set(number, bytes);
        tell([...done.values()].reduce((sum, each) => sum + each, 0));
      }), ends.signal);
      parts.push({ number, etag });
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    signal.throwIfAborted();
  } catch (error) {
    ends.abort(); // no other part goes on for nothing
    await post("uploads/abort", { key, upload_id: target.upload_id }, { bearer }).catch(() => {});
    throw error;
  }
  parts.sort((one, other) => one.number - other.number);
  await post("uploads/complete", { key, upload_id: target.upload_id, parts });
}

async function tried(work, signal) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (error.name === "AbortError" || attempt === TRIES || (error.status >= 400 && error.status < 500)) throw error;
      await new Promise((done) => {
        setTimeout(done, 500 * 2 ** attempt);
        signal.addEventListener("abort", done, { once: true });
      });
      signal.throwIfAborted();
    }
  }
}

/** fetch tells nothing of an upload under way, XMLHttpRequest does. Gives the ETag. */
function put(url, headers, body, signal, tell) {
  return new Promise((done, failed) => {
    if (signal.aborted) {
      failed(new DOMException("stopped", "AbortError"));
      return;
    }
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) if (!/^(host|content-length)$/i.test(name)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => tell(event.loaded);
    request.onload = () => {
      signal.removeEventListener("abort", stop);
      if (request.status < 300) done(request.getResponseHeader("ETag"));
      else failed(new Failure(request.status, `The bucket answered ${request.status}.`));
    };
    request.onerror = () => failed(new Failure(0, "The bucket does not answer, or does not allow uploads from this page."));
    request.onabort = () => failed(new DOMException("stopped", "AbortError"));
    signal.addEventListener("abort", stop);
    request.send(body);
  });
}
