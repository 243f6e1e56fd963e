// Asks the status API: with the token of this tab, and with the ETag of what is known already.

const KEY = "froe-token";
const root = location.origin + location.pathname.replace(/\/*$/, "/");
const known = new Map();
const KNOWN_MAX = 60;
let routes = null;
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
  routes = null;
  who = null;
}

/** `told` is called when a token that was good is refused. */
export function onRefusal(told) {
  refused = told;
}

/** Keeps the token if the API takes it; the description of the API says which routes there are. */
export async function enter(given) {
  const description = await ask("openapi.json", { bearer: given });
  sessionStorage.setItem(KEY, given);
  routes = description;
}

export async function discover() {
  routes ??= await get("openapi.json");
  if (!who && has("GET", "/me")) who = await get("me");
  return who;
}

/** Whether the token may do more than read; where the API has no roles it may. */
export const mayOperate = () => !who || who.role !== "read";

export const mayAdminister = () => !who || who.role === "administer";

/** Whether there is a sink to ask. */
export const mayAsk = () => Boolean(who?.queries);

export const has = (method, path) => Boolean(routes?.paths?.[path]?.[method.toLowerCase()]);

export const takes = (path, parameter) =>
  Boolean(routes?.paths?.[path]?.get?.parameters?.some((each) => each.name === parameter));

export function get(path, query = {}, options = {}) {
  const given = Object.entries(query)
    .flatMap(([name, value]) => (Array.isArray(value) ? value.map((each) => [name, each]) : [[name, value]]))
    .filter(([, value]) => value !== undefined && value !== null && value !== "");
  const search = new URLSearchParams(given).toString();
  return ask(search ? `${path}?${search}` : path, options);
}

export const post = (path, body) => ask(path, { method: "POST", body });

export const remove = (path) => ask(path, { method: "DELETE" });

async function ask(path, { method = "GET", body, bearer, signal } = {}) {
  const headers = { Authorization: `Bearer ${bearer ?? token()}`, Accept: "application/json" };
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
  if (!bearer && (answer.status === 401 || (answer.status === 403 && !(await isGood())))) refused();
  throw new Failure(answer.status, said?.Message ?? said?.message ?? `The API answered ${answer.status}.`);
}

/** Whether the API takes the token at all: a 403 may only mean that its role is too low for one route. */
async function isGood() {
  try {
    await ask("openapi.json", { bearer: token() });
    return true;
  } catch (failure) {
    return failure.status !== 401 && failure.status !== 403;
  }
}

function keep(path, etag, body) {
  known.delete(path);
  known.set(path, { etag, body });
  if (known.size > KNOWN_MAX) known.delete(known.keys().next().value);
}
