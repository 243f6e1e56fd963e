// Asks the status API: with the token of this tab, and with the ETag of what is known already.

import { onPage } from "./words.js";

const KEY = "froe-token";
const root = location.origin + location.pathname.replace(/\/*$/, "/");
const known = new Map();
const KNOWN_MAX = 60;
let who = null;
let refused = () => {};

export class Failure extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const token = () => sessionStorage.getItem(KEY);

export function forget() {
  sessionStorage.clear();
  known.clear();
  who = null;
}

/** `notify` is called when the token of this tab is refused; it is still there, and to be forgotten. */
export function onRefusal(notify) {
  refused = notify;
}

/** Keeps the token if the API takes it. */
export async function enter(given) {
  who = await ask("me", { bearer: given });
  sessionStorage.setItem(KEY, given);
}

/** The name and the role of the token, and whether there is a sink to ask. */
export async function discover() {
  who ??= await get("me");
  return who;
}

/** Whether the token may do more than read; while that is not known it may not. */
export const mayOperate = () => Boolean(who) && who.role !== "read";

export const mayAdminister = () => who?.role === "administer";

/** Whether there is a sink to ask. */
export const mayAsk = () => Boolean(who?.queries);

export function get(path, query = {}, options = {}) {
  const given = Object.entries(query)
    .flatMap(([name, value]) => (Array.isArray(value) ? value.map((each) => [name, each]) : [[name, value]]))
    .filter(([, value]) => value !== undefined && value !== null && value !== "");
  const search = new URLSearchParams(given).toString();
  return ask(search ? `${path}?${search}` : path, options);
}

export const post = (path, body, options) => ask(path, { ...options, method: "POST", body });

export const remove = (path) => ask(path, { method: "DELETE" });

/** bearer: another token than that of this tab, of which nothing follows where it is refused. */
async function ask(path, { method = "GET", body, bearer, signal } = {}) {
  const used = bearer ?? token();
  if (!used) throw new Failure(401, "This tab has no token any more.");
  const headers = { Authorization: `Bearer ${used}`, Accept: "application/json" };
  const held = method === "GET" && known.get(path);
  if (held) headers["If-None-Match"] = held.etag;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(root + path, {
      method,
      headers,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure(0, "The API does not answer.");
  }
  if (answer.status === 304 && held) return held.body;
  const text = await answer.text();
  let said = null;
  try {
    said = JSON.parse(text);
  } catch {
    said = null;
  }
  if (answer.ok && said !== null) {
    const etag = answer.headers.get("ETag");
    if (etag && method === "GET") keep(path, etag, said);
    return said;
  }
  const isRefusal = answer.status === 401 || (answer.status === 403 && !said?.Code);
  if (!bearer && isRefusal) throw await refusal(path, answer.status, used);
  throw new Failure(answer.status, onPage(said?.Message ?? said?.message ?? `The API answered ${answer.status}.`));
}

/** A 403 of the gateway: the token is not good, or only its role is too low for one route. It asks who that is but once. */
async function refusal(path, status, used) {
  if (status === 403 && path !== "me") {
    try {
      const me = await ask("me", { bearer: used });
      if (used === token()) who = me;
      const role = path.startsWith("audit") ? "administer" : "operate";
      return new Failure(403, `This needs a token with the role ${role}; this one is for ${me.role}.`);
    } catch (failure) {
      if (failure.status !== 401 && failure.status !== 403) return failure;
    }
  }
  if (used === token()) refused();
  return new Failure(status, "The API refused the token.");
}

function keep(path, etag, body) {
  known.delete(path);
  known.set(path, { etag, body });
  if (known.size > KNOWN_MAX) known.delete(known.keys().next().value);
}
