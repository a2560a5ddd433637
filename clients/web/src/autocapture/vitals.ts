import { onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals";
import type { Mirante } from "../client.js";

/** Tracks `web_vital`, each measure once for a page. What ends that tells no more, although the library goes on. */
export function captureVitals(client: Mirante): () => void {
  let isOver = false;
  const note = ({ name, value }: { readonly name: string; readonly value: number }): void => {
    if (!isOver) client.track("web_vital", { nome: name, valor: value, caminho: client.path ?? "" });
  };
  for (const observe of [onCLS, onFCP, onINP, onLCP, onTTFB]) observe(note);
  return () => {
    isOver = true;
  };
}
