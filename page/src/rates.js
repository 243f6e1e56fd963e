// How fast a file goes, from what was seen of it while it was watched.

const WINDOW_SECONDS = 30;
const seen = new Map();

/** Notes what is settled of a file now. */
export function note(file, account, now = Date.now()) {
  const points = seen.get(file.file_id) ?? [];
  const last = points.at(-1);
  if (!last || last.bytes !== account.settledBytes || now - last.at > 5000) {
    points.push({ at: now, bytes: account.settledBytes, lines: account.settledLines });
  }
  while (points.length > 2 && now - points[0].at > WINDOW_SECONDS * 1000) points.shift();
  seen.set(file.file_id, points);
}

/** lines: a second. left: seconds until the end, null while that is unknown. quiet: seconds without a movement. */
export function paceOf(file, account, now = Date.now()) {
  const points = seen.get(file.file_id) ?? [];
  const first = points[0];
  const last = points.at(-1);
  const moved = points.findLast((each) => each.bytes !== last.bytes);
  const quiet = moved ? (now - moved.at) / 1000 : (now - (first?.at ?? now)) / 1000;
  let seconds = first && last && last.bytes > first.bytes ? (last.at - first.at) / 1000 : 0;
  let { lines, bytes } = seconds ? { lines: last.lines - first.lines, bytes: last.bytes - first.bytes } : { lines: 0, bytes: 0 };
  if (!seconds && account.settledBytes) {
    seconds = Math.max(1, (now - Date.parse(file.opened_at)) / 1000);
    lines = account.settledLines;
    bytes = account.settledBytes;
  }
  if (!seconds || !bytes) return { lines: null, left: null, quiet };
  const rest = account.bytes - account.settledBytes;
  return { lines: lines / seconds, left: account.isWhole ? rest / (bytes / seconds) : null, quiet };
}

/** Of a file that is settled: over its whole time. */
export function wholePace(file, account) {
  const seconds = (Date.parse(file.settled_at) - Date.parse(file.opened_at)) / 1000;
  return seconds > 0 ? { seconds, lines: account.settledLines / seconds } : null;
}
