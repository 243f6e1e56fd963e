// What several screens are made of.

import { useEffect, useRef, useState } from "preact/hooks";
import { PARTS } from "./account.js";
import { bytes, count, percent } from "./words.js";

const TONES = {
  SPLITTING: "pending", PROCESSING: "pending", COMPLETE: "parsed", INCOMPLETE: "dead", DAMAGED: "rejected", FAILED: "dead", SUPERSEDED: "discarded",
  done: "parsed", failed: "dead", discarded: "discarded", pending: "pending", dead: "dead", redriven: "pending", resolved: "parsed",
  QUEUED: "pending", RUNNING: "pending", SUCCEEDED: "parsed", CANCELLED: "discarded",
};

/** A batch is `failed` in the API, and a letter `dead`: of a file that is another state, and people read one word for both. */
const WORDS = { failed: "dead-lettered", dead: "dead-lettered" };

export const Chip = ({ state }) => <span class={`chip ${TONES[state] ?? "skipped"}`}>{WORDS[state] ?? String(state).toLowerCase()}</span>;

/** A name that may be broken behind its separators. */
export const Name = ({ text }) => text.split(/(?<=[_\-/])/).flatMap((each, at) => (at ? [<wbr key={at} />, seen(each)] : [seen(each)]));

const seen = (text) => (PLAIN.test(text) ? text : <Text text={text} />);

/** One bar: the parts of the whole text, in the width of the bytes of each. */
export function Bar({ account, label, big = false }) {
  const shown = PARTS.filter(([name]) => account.parts[name].bytes > 0);
  const said = shown.map(([name, title]) => `${title} ${percent(account.parts[name].bytes, account.bytes)}`).join(", ");
  return (
    <div class={big ? "bar big" : "bar"} role="img" aria-label={`${label}: ${said || "nothing in it"}`}>
      {shown.map(([name]) => (
        <span key={name} class={`part ${name}`} style={{ flexGrow: account.parts[name].bytes / (account.bytes || 1) }} />
      ))}
      {!account.isWhole && <span class="part unread more" />}
    </div>
  );
}

/** The parts as a table whose last row is the sum. */
export function Legend({ account }) {
  return (
    <table class="legend">
      <caption class="hidden">The account of the file</caption>
      <thead>
        <tr>
          <th scope="col">part</th><th scope="col" class="number">entries</th><th scope="col" class="number">lines</th>
          <th scope="col" class="number">bytes</th><th scope="col" class="number">share</th>
        </tr>
      </thead>
      <tbody>
        {PARTS.filter(([name]) => account.parts[name].bytes > 0 || name === "parsed" || name === "rejected").map(([name, title, what]) => {
          const part = account.parts[name];
          return (
            <tr key={name}>
              <th scope="row" title={what}><span class={`swatch ${name}`} />{title}</th>
              <td class="number">{count(part.entries)}</td><td class="number">{count(part.lines)}</td>
              <td class="number">{count(part.bytes)}</td><td class="number">{percent(part.bytes, account.bytes)}</td>
            </tr>
          );
        })}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">{account.isKnown ? "the whole text" : account.isWhole ? "the object" : "read so far"}</th>
          <td class="number">{count(account.counted.entries)}</td><td class="number">{count(account.counted.lines)}</td>
          <td class="number">{count(account.bytes)}</td><td class="number">{account.isWhole ? "100 %" : ""}</td>
        </tr>
      </tfoot>
    </table>
  );
}

export function Notice({ error, what }) {
  return <p class="notice bad" role="alert">{what ? `${what}: ` : ""}<Text text={error.message} /></p>;
}

export const Waiting = ({ what = "Loading" }) => <p class="waiting" role="status">{what} …</p>;

export const Empty = ({ children }) => <p class="empty">{children}</p>;

/** What is copied is a command or an id; the button says so. */
export function Copy({ text, label = "Copy" }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return <button type="button" class="quiet small" onClick={copy} aria-label={`${label}: ${text}`}>{done ? "copied" : "copy"}</button>;
}

export function Facts({ pairs }) {
  return (
    <dl class="facts">
      {pairs.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false).map(([name, value, title]) => (
        <div key={name} title={title}><dt>{name}</dt><dd>{value}</dd></div>
      ))}
    </dl>
  );
}

/** Bytes as text: what cannot be seen, or is no UTF-8, is shown as an escape of its own colour. */
export function Raw({ base64 }) {
  const data = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
  return <code class="raw">{marked(pieces(data))}</code>;
}

/** Text of a log, or whatever else strangers may have written, with such escapes; its tabs and line ends stay what they are. */
export function Text({ text }) {
  if (PLAIN.test(text)) return text;
  const parts = text.split(UNSEEN);
  return parts.map((each, at) => (at % 2 ? <span key={at} class="escape" title={codeOf(each)}>{escaped(each)}</span> : each));
}

/** The same as a string, for what hovers and what is read out. */
export const plain = (text) => (PLAIN.test(text) ? text : text.replace(UNSEEN, escaped));

const PLAIN = /^[\t\n\x20-\x7e]*$/; // most texts, and a hundredth of the time of what follows
const UNSEEN = /((?![\t\n])[\p{C}\p{Zl}\p{Zp}])/gu;

const hexOf = (character, digits) => character.codePointAt(0).toString(16).padStart(digits, "0");

const codeOf = (character) => `U+${hexOf(character, 4).toUpperCase()}`;

function escaped(character) {
  const code = character.codePointAt(0);
  if (code < 0x100) return NAMES[code] ?? `\\x${hexOf(character, 2)}`;
  return code < 0x10000 ? `\\u${hexOf(character, 4)}` : `\\u{${hexOf(character, 4)}}`;
}

const marked = (pieces) => pieces.map((each, at) => (each.escape ? <span key={at} class="escape" title={each.title}>{each.text}</span> : each.text));

const NAMES = { 0: "\\0", 9: "\\t", 10: "\\n", 13: "\\r", 27: "\\e" };

function pieces(data) {
  const found = [];
  let plain = [];
  const flush = () => {
    if (!plain.length) return;
    found.push({ text: new TextDecoder().decode(Uint8Array.from(plain)) });
    plain = [];
  };
  for (let at = 0; at < data.length; ) {
    const width = widthAt(data, at);
    if (width) {
      for (let each = 0; each < width; each += 1) plain.push(data[at + each]);
      at += width;
      continue;
    }
    flush();
    const byte = data[at];
    const hex = byte.toString(16).padStart(2, "0");
    const isEnd = at >= data.length - 2 && (byte === 10 || byte === 13);
    if (!isEnd) found.push({ escape: true, text: NAMES[byte] ?? `\\x${hex}`, title: `byte 0x${hex}` });
    at += 1;
  }
  flush();
  return found;
}

/** How many bytes make the character there; 0: it is none that can be shown. */
function widthAt(data, at) {
  const byte = data[at];
  if (byte < 0x80) return byte >= 0x20 && byte !== 0x7f ? 1 : 0;
  const width = byte >= 0xf0 && byte < 0xf5 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 0;
  if (!width || byte >= 0xf5) return 0;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data.subarray(at, at + width));
    return /^[\p{C}\u2028\u2029]/u.test(text) ? 0 : width;
  } catch {
    return 0;
  }
}

export const sized = (number) => <span title={`${count(number)} bytes`}>{bytes(number)}</span>;

/** A dialog that keeps the focus while it is open, and gives it back. */
export function Dialog({ title, onClose, children }) {
  const box = useRef(null);
  useEffect(() => {
    box.current.showModal();
    return () => box.current?.close();
  }, []);
  return (
    <dialog ref={box} aria-labelledby="dialog-title" onClose={onClose}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}
