import { defineConfig } from "vitest/config";
import { textsAsData } from "./texts.plugin.ts";

/** A gateway that runs, for `npm run dev`: the address that `mirante up` prints. */
const gateway = process.env["MIRANTE_GATEWAY"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [textsAsData()],
  build: {
    target: "es2022",
    // light-dark() is used as it is.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // Data addresses of small pictures would be one more thing for the Content-Security-Policy to allow.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // For scripts/script_budget.mjs.
    manifest: true,
  },
  server: { proxy: { "/api": gateway } },
  test: { include: ["src/**/*.test.ts"] },
});
