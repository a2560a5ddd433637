/** What happens to the page, as far as the client has to know; where there is no page, nothing does. */
export interface PageEvents {
  /** It is out of sight, or may be gone the next moment. */
  readonly hidden: () => void;
  /** It is seen again. */
  readonly shown: () => void;
  /** The network is back. */
  readonly online: () => void;
}

/** Follow the page; return what ends that. */
export function followPage({ hidden, shown, online }: PageEvents): () => void {
  if (typeof document === "undefined") return () => undefined;
  const changed = (): void => {
    if (document.visibilityState === "hidden") hidden();
    else shown();
  };
  const restored = (event: PageTransitionEvent): void => {
    if (event.persisted) shown();
  };
  document.addEventListener("visibilitychange", changed);
  addEventListener("pagehide", hidden);
  addEventListener("pageshow", restored);
  addEventListener("online", online);
  return () => {
    document.removeEventListener("visibilitychange", changed);
    removeEventListener("pagehide", hidden);
    removeEventListener("pageshow", restored);
    removeEventListener("online", online);
  };
}
