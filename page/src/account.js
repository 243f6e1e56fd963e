// A file's account as parts of its text, which add up to the last byte.

import { facts } from "./facts.js";

export const PARTS = [
  ["parsed", "parsed", "records with typed fields"],
  ["rejected", "rejected", "lines that the format does not explain, kept raw"],
  ["skipped", "skipped", "blank lines, headers and filtered entries, counted under their reason"],
  ["pending", "pending", "cut into batches, not yet written"],
  ["dead", "dead-lettered", "failed and kept, until redriven or discarded"],
  ["discarded", "discarded", "given up for good by a decision"],
  ["unread", "not read yet", "the rest of the text, which is not cut into batches yet"],
];

const NOTHING = { entries: 0, lines: 0, bytes: 0 };
const PACKED = /\.(gz|gzip|tgz|zst|zstd|zip|tar|bz2|xz|lz4)$/i;

export const isMoving = (file) => file.state === "SPLITTING" || file.state === "PROCESSING";

export const skippedOf = (skipped) =>
  Object.values(skipped ?? {}).reduce(
    (sum, each) => ({ entries: null, lines: sum.lines + each.lines, bytes: sum.bytes + each.bytes }),
    { ...NOTHING, entries: null },
  );

/**
 * parts: name → {entries, lines, bytes}. bytes: of the whole bar, or of what is known of it. isWhole: whether the end
 * of the text is known, or as good as. balance: what is missing from the text's size: 0 where everything adds up.
 */
export function accountOf(file) {
  const parts = {};
  for (const [name] of PARTS) parts[name] = name === "skipped" ? skippedOf(file.skipped) : { ...(file[name] ?? NOTHING) };
  delete parts.unread;
  const counted = { entries: 0, lines: 0, bytes: 0 };
  for (const part of Object.values(parts)) {
    counted.entries += part.entries ?? 0;
    counted.lines += part.lines;
    counted.bytes += part.bytes;
  }
  const isKnown = file.text_bytes !== null && file.text_bytes !== undefined;
  const guess = !PACKED.test(file.key) && file.state !== "FAILED" && file.size >= counted.bytes ? file.size : null;
  const whole = isKnown ? file.text_bytes : guess;
  const all = Math.max(whole ?? 0, counted.bytes);
  parts.unread = { entries: null, lines: null, bytes: all - counted.bytes };
  const settled = counted.bytes - parts.pending.bytes;
  return {
    parts,
    counted,
    bytes: all,
    isKnown,
    isWhole: whole !== null,
    settledBytes: settled,
    settledLines: counted.lines - parts.pending.lines,
    balance: isKnown ? file.text_bytes - counted.bytes : null,
  };
}

export function costOf(file) {
  if (!file.used || !facts.dollars) return null;
  return Object.entries(facts.dollars).reduce((sum, [name, each]) => sum + each * (file.used[name] ?? 0), 0);
}

