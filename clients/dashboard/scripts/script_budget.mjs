// Fails when the built page has more script than its budget: all of it, gzipped, whether loaded at first or later.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 200_000;
const folder = new URL("../dist/", import.meta.url).pathname;
const scripts = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".js"));
if (scripts.length === 0) throw new Error(`${folder} holds no script: build first`);

let total = 0;
for (const name of scripts.sort()) {
  const bytes = gzipSync(readFileSync(join(folder, name)), { level: 9 }).length;
  total += bytes;
  console.log(`${bytes.toString().padStart(8)}  ${name}`);
}
console.log(`${total.toString().padStart(8)}  of ${BUDGET_BYTES} bytes of script, gzipped`);
if (total > BUDGET_BYTES) process.exit(1);
