// Fails when a page of the built dashboard needs more script than its budget before it can be read, or when a script that
// is loaded later is too large. Bytes are gzipped.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const FIRST_LOAD_BYTES = 200_000;
const CHUNK_BYTES = 90_000;

const folder = process.argv[2] ?? new URL("../dist/", import.meta.url).pathname;
/** @type {Record<string, {file: string, isEntry?: boolean, isDynamicEntry?: boolean, imports?: string[]}>} */
const manifest = JSON.parse(readFileSync(join(folder, ".vite/manifest.json"), "utf8"));
const sizes = new Map();
const sizeOf = (file) => {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(join(folder, file)), { level: 9 }).length);
  return sizes.get(file);
};

/** A script and all that it imports at once. */
function together(key, files = new Set()) {
  const { file, imports = [] } = manifest[key];
  if (!files.has(file)) {
    files.add(file);
    for (const each of imports) together(each, files);
  }
  return files;
}

const keys = Object.keys(manifest);
const entry = keys.find((key) => manifest[key].isEntry);
if (entry === undefined) throw new Error(`${folder} holds no entry: build first`);
let failed = false;
const line = (bytes, most, name) => {
  console.log(`${bytes.toString().padStart(8)}${bytes > most ? " TOO LARGE" : ""}  ${name}`);
  failed ||= bytes > most;
};

console.log(`each script, at most ${CHUNK_BYTES} bytes`);
for (const file of new Set(keys.map((key) => manifest[key].file).filter((each) => each.endsWith(".js")))) {
  line(sizeOf(file), CHUNK_BYTES, file);
}
console.log(`what is loaded before a page can be read, at most ${FIRST_LOAD_BYTES} bytes`);
const pages = keys.filter((key) => manifest[key].isDynamicEntry && /^src\/pages\/\w+\/\w+Page\.tsx$/.test(key));
if (pages.length === 0) throw new Error(`${folder} holds no page`);
for (const page of pages) {
  const files = ["theme.js", ...together(page, together(entry))];
  line(files.reduce((sum, file) => sum + sizeOf(file), 0), FIRST_LOAD_BYTES, page);
}
if (failed) process.exit(1);
