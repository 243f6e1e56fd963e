// Numbers, sizes and times as people read them; always in English, times in UTC.

const whole = new Intl.NumberFormat("en");
const UNITS = ["B", "kB", "MB", "GB", "TB"];

export const count = (number) => (number === null || number === undefined ? "–" : whole.format(Math.round(number)));

export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

export function bytes(number) {
  if (number === null || number === undefined) return "–";
  let rest = number;
  let unit = 0;
  while (rest >= 999.5 && unit < UNITS.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  return `${unit && rest < 9.95 ? rest.toFixed(1) : whole.format(Math.round(rest))} ${UNITS[unit]}`;
}

export function short(number) {
  if (number < 9999.5) return count(number);
  if (number < 999_500) return `${(number / 1000).toFixed(number < 99_950 ? 1 : 0)}k`;
  if (number < 999_500_000) return `${(number / 1e6).toFixed(number < 99_950_000 ? 1 : 0)}M`;
  return `${(number / 1e9).toFixed(1)}G`;
}

/** A share of a whole: never 100 % while anything is missing, never 0 % where there is something. */
export function percent(part, all) {
  if (!all) return "0 %";
  if (part > 0 && part / all < 0.001) return "< 0.1 %";
  if (part < all && part / all > 0.999) return "> 99.9 %";
  const share = (100 * part) / all;
  return `${Number.isInteger(share) || share >= 99.95 ? Math.round(share) : share.toFixed(1)} %`;
}

export function span(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 0.95) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  if (seconds < 99.5 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

export const since = (time, now = Date.now()) => (time ? Math.max(0, (now - Date.parse(time)) / 1000) : null);

export function ago(time, now = Date.now()) {
  const seconds = since(time, now);
  if (seconds === null) return "–";
  return seconds < 2 ? "now" : `${span(Math.max(2, seconds))} ago`;
}

export const moment = (time) => (time ? time.replace("T", " ").replace(/(\.\d{1,3})\d*/, "$1").replace("Z", " UTC") : "–");

export function dollars(amount) {
  if (amount === null || amount === undefined) return "–";
  if (amount === 0) return "$0";
  if (amount < 0.0001) return "< $0.0001";
  return amount < 0.1 ? `$${amount.toFixed(4)}` : `$${amount.toFixed(2)}`;
}

/** `folder` ends in a slash, or is empty. */
export function parted(key) {
  const cut = (key ?? "").lastIndexOf("/") + 1;
  return { folder: key?.slice(0, cut) ?? "", name: key?.slice(cut) || key || "–" };
}

/** The name of a batch, as the map has it: the numbers of its split and of it, from what ends in both. */
export const batchName = (id) => id.split("-").slice(-2).map(Number).join("-");

/** A reason of a file in pieces: every other one is the name of a batch. */
export const batchesIn = (reason) => reason.split(/(?<![\w/.-])(\d{6}-\d{6})(?![\w/-])/).map((each, at) => (at % 2 ? batchName(each) : each));

const SCREENS = { files: "Files", queries: "Ask", uploads: "Upload", "dead-letters": "Dead letters", audit: "Audit" };

/** A message of the API for readers of the page: where it names a route, the screen that serves the same. */
export const onPage = (message) => message.replace(/\b(?:GET|POST) \/([a-z-]+)(?:\/table)?(?![/\w?])/g, (route, name) => SCREENS[name] ?? route);
