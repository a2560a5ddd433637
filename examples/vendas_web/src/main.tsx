import { MiranteProvider } from "@mirante/web/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { Backend } from "./backend";
import { startMirante } from "./mirante";
import { remembered } from "./people";
import "./vendas.css";

const backend = new Backend();
backend.worker = remembered();
const client = await startMirante(backend);
// A moment for the answers, so that nobody sees the old list before the new one; then with what there is.
await Promise.race([client.ready, new Promise((resolve) => setTimeout(resolve, 300))]);

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <MiranteProvider client={client}>
        <App backend={backend} />
      </MiranteProvider>
    </StrictMode>,
  );
}
