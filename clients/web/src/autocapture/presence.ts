import type { Mirante } from "../client.js";

const BEAT_MS = 60_000;
/** As long as nobody touches the page for longer than this, nobody is there. */
const TOUCHED_MS = 300_000;
const TOUCHES = ["pointerdown", "pointermove", "keydown", "scroll", "touchstart"] as const;

/** Tracks `presenca` every minute in which the page is seen and somebody uses it. Returns what ends that. */
export function capturePresence(client: Mirante): () => void {
  let touchedAt = Date.now();
  const touched = (): void => {
    touchedAt = Date.now();
  };
  const timer = setInterval(() => {
    const isSeen = document.visibilityState === "visible";
    if (isSeen && Date.now() - touchedAt < TOUCHED_MS) client.track("presenca");
  }, BEAT_MS);
  for (const name of TOUCHES) addEventListener(name, touched, { capture: true, passive: true });
  return () => {
    clearInterval(timer);
    for (const name of TOUCHES) removeEventListener(name, touched, true);
  };
}
