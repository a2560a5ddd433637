import type { Mirante } from "../client.js";

/** Tracks `pagina_vista` and `pagina_saida`, also where a page changes without being loaded. Returns what ends that. */
export function capturePages(client: Mirante): () => void {
  let path: string | undefined;
  let openedAt = 0;

  const see = (loadMs?: number): void => {
    path = client.path ?? "";
    openedAt = Date.now();
    client.track("pagina_vista", { caminho: path, duracao_ms: loadMs });
  };
  const leave = (): void => {
    if (path === undefined) return;
    client.track("pagina_saida", { caminho: path, duracao_ms: Date.now() - openedAt });
    path = undefined;
  };
  const moved = (): void => {
    if (path === undefined || client.path === path) return;
    leave();
    see();
  };
  const loaded = (): void => {
    // The entry of a load is complete only after its event.
    setTimeout(() => {
      if (path === undefined) see(loadTime());
    });
  };
  const gone = (): void => {
    // Left before it was loaded: it was seen all the same.
    if (path === undefined && !openedAt) see();
    leave();
  };
  const restored = (event: PageTransitionEvent): void => {
    if (event.persisted) see();
  };
  const giveBack = [hook("pushState", moved), hook("replaceState", moved)];
  addEventListener("popstate", moved);
  // Before the client's own listener, which hands what waits to the browser.
  addEventListener("pagehide", gone, true);
  addEventListener("pageshow", restored);
  if (document.readyState === "complete") loaded();
  else addEventListener("load", loaded);
  return () => {
    for (const each of giveBack) each();
    removeEventListener("popstate", moved);
    removeEventListener("pagehide", gone, true);
    removeEventListener("pageshow", restored);
    removeEventListener("load", loaded);
  };
}

/** Return the milliseconds from the navigation to the end of the load; undefined when the browser does not tell. */
function loadTime(): number | undefined {
  const [entry] = performance.getEntriesByType("navigation");
  if (!entry || !("loadEventEnd" in entry) || typeof entry.loadEventEnd !== "number") return undefined;
  return entry.loadEventEnd > 0 ? Math.round(entry.loadEventEnd - entry.startTime) : undefined;
}

/** Call a function after each call of a method of the history; return what takes it out again. */
function hook(name: "pushState" | "replaceState", after: () => void): () => void {
  const original = history[name].bind(history);
  const hooked: History["pushState"] = (data, unused, url) => {
    original(data, unused, url);
    after();
  };
  history[name] = hooked;
  return () => {
    // Whoever has hooked in later keeps their place.
    if (history[name] === hooked) history[name] = original;
  };
}
