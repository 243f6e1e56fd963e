// Builds chalicelib/page/page.js and page.css from src, and writes down of which sources they are.
import { createHash } from "node:crypto";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const out = here("../chalicelib/page/");

await build({
  entryPoints: { page: here("src/main.jsx") },
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  charset: "utf8",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
});

copyFileSync(here("src/page.html"), `${out}page.html`);
const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
const sources = createHash("sha256");
for (const name of ["build.js", "package-lock.json", ...readdirSync(here("src")).sort().map((each) => `src/${each}`)]) {
  sources.update(`${name}\0`).update(readFileSync(here(name))).update("\0");
}
const lines = [["sources", sources.digest("hex")]];
for (const name of ["page.css", "page.html", "page.js"]) lines.push([name, digest(readFileSync(out + name))]);
writeFileSync(here("built.txt"), lines.map((line) => line.join(" ") + "\n").join(""));
