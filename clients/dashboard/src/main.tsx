import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { askSession } from "./api/session";
import { App } from "./app";
import { isAt, PAGES } from "./shell/pages";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/controls.css";
import "./styles/pieces.css";

// Beside each other, not one after the other: the session, the texts, and the page of the address.
void askSession();
PAGES.find((page) => isAt(location.pathname, page))
  ?.load()
  .catch(() => undefined); // It is loaded again, and its failure shown, when it is drawn.

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
