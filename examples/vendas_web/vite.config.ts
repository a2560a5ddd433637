import { defineConfig } from "vite";

/** The backend, for `npm run dev`; otherwise it serves the built page itself. */
const backend = "http://localhost:8000";

export default defineConfig({
  build: { target: "es2022", modulePreload: { polyfill: false } },
  server: { proxy: { "/mirante": backend, "/vendas": backend } },
});
