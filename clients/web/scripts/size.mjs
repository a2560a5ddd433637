// Fails when the core, bundled and minified, is larger than its budget after gzip. The other entries are only told.
import { gzipSync } from "node:zlib";
import { build } from "vite";

const BUDGET_BYTES = 10_240;

async function sizeOf(entry, external) {
  const result = await build({
    configFile: false,
    logLevel: "error",
    root: new URL("..", import.meta.url).pathname,
    build: {
      write: false,
      target: "es2022",
      modulePreload: false,
      // As an application bundles it, with everything that the entry exports.
      rolldownOptions: { input: entry, external, preserveEntrySignatures: "strict" },
    },
  });
  const code = result.output.filter((each) => each.type === "chunk").map((each) => each.code);
  return gzipSync(code.join(""), { level: 9 }).length;
}

const core = await sizeOf("src/index.ts", []);
console.log(`core: ${core} of ${BUDGET_BYTES} bytes after gzip`);
console.log(`autocapture with web-vitals: ${await sizeOf("src/autocapture/index.ts", [])} bytes`);
console.log(`react hooks: ${await sizeOf("src/react/index.ts", ["react"])} bytes`);
if (core >= BUDGET_BYTES) {
  console.error("the core is too large");
  process.exit(1);
}
