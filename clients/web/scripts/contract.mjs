// Writes src/contract.ts from the gateway's OpenAPI document: what goes to and comes from the addresses that browsers of
// vendas use, and nothing of the admin API. With --check it only compares, and fails when they differ.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const document = new URL("../../../services/gateway/openapi.json", import.meta.url);
const target = new URL("../src/contract.ts", import.meta.url);
const prefixes = ["/ofrep/", "/v1/events", "/ws/metrics"];

const whole = JSON.parse(await readFile(document, "utf8"));
const paths = Object.fromEntries(
  Object.entries(whole.paths).filter(([path]) => prefixes.some((prefix) => path.startsWith(prefix))),
);
const needed = new Map();
collect(paths);
const components = {};
for (const [reference, found] of needed) {
  const [, , kind, name] = reference.split("/");
  components[kind] = { ...components[kind], [name]: found };
}
const ast = await openapiTS(
  { openapi: whole.openapi, info: whole.info, paths: {}, components: { schemas: components.schemas } },
  { alphabetize: true, emptyObjectsUnknown: true, silent: true },
);
const made = `// Made by \`npm run contract\` from services/gateway/openapi.json.\n${astToString(ast)}`;

if (process.argv.includes("--check")) {
  if ((await readFile(target, "utf8").catch(() => "")) !== made) {
    console.error("src/contract.ts is not what services/gateway/openapi.json says: run npm run contract");
    process.exit(1);
  }
} else {
  await writeFile(target, made);
}

function collect(node) {
  if (node === null || typeof node !== "object") return;
  if (typeof node.$ref === "string" && !needed.has(node.$ref)) {
    const found = node.$ref.slice(2).split("/").reduce((part, name) => part[name], whole);
    needed.set(node.$ref, found);
    collect(found);
  }
  Object.values(node).forEach(collect);
}
