// The trace of a file, as far as it can be reached from here.

import { Copy, Empty } from "./parts.jsx";

export function Trace({ file }) {
  if (!file.trace) return <Empty>The file was opened while tracing was off.</Empty>;
  const command = `froe traces ${file.file_id}`;
  return (
    <section aria-labelledby="trace">
      <h2 id="trace" class="hidden">Trace</h2>
      <p>The trace <span class="mono">{file.trace}</span> follows the file from the splitter through the queue to its workers.</p>
      {file.trace_url && <p><a href={file.trace_url} target="_blank" rel="noreferrer">Open it in X-Ray</a></p>}
      <p>In a terminal, as a waterfall: <code>{command}</code> <Copy text={command} label="Copy the command" /></p>
    </section>
  );
}
