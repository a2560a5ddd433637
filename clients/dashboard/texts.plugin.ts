import { type Plugin, runnerImport } from "vite";

const SUFFIX = "?texts";

/**
 * Makes `import address from "./en/index.ts?texts"` the address of a JSON file with what that module exports as `texts`:
 * texts are data, of which a page needs one language, and no script.
 */
export function textsAsData(): Plugin {
  let serving = false;
  return {
    name: "texts-as-data",
    configResolved(config) {
      serving = config.command === "serve";
    },
    async load(id) {
      if (!id.endsWith(SUFFIX)) return undefined;
      const { module, dependencies } = await runnerImport<{ texts: Record<string, string> }>(id.slice(0, -SUFFIX.length));
      for (const file of dependencies) this.addWatchFile(file);
      const source = JSON.stringify(module.texts);
      if (serving) return `export default ${JSON.stringify(`data:application/json,${encodeURIComponent(source)}`)};`;
      const reference = this.emitFile({ type: "asset", name: "texts.json", source });
      return `export default import.meta.ROLLUP_FILE_URL_${reference};`;
    },
  };
}
