/** What happens on every page of an application, tracked without a line in it. Needs the package `web-vitals`. */
import type { Mirante } from "../client.js";
import { captureErrors } from "./errors.js";
import { capturePages } from "./pages.js";
import { capturePresence } from "./presence.js";
import { captureRageClicks } from "./rage_clicks.js";
import { captureVitals } from "./vitals.js";

/** What is captured; everything that is not switched off. */
export interface AutocaptureOptions {
  /** `pagina_vista` and `pagina_saida`. */
  readonly pages?: boolean;
  /** `clique_raivoso`, at this many clicks; three without a number. */
  readonly rageClicks?: boolean | number;
  /** `erro_frontend`. */
  readonly errors?: boolean;
  /** `web_vital`. */
  readonly vitals?: boolean;
  /** `presenca`. */
  readonly presence?: boolean;
}

/** Begin to capture; return what ends that. Call it once, where there is a page. */
export function autocapture(client: Mirante, options: AutocaptureOptions = {}): () => void {
  const { pages = true, rageClicks = true, errors = true, vitals = true, presence = true } = options;
  const ends: (() => void)[] = [];
  if (pages) ends.push(capturePages(client));
  if (rageClicks !== false) ends.push(captureRageClicks(client, rageClicks === true ? undefined : rageClicks));
  if (errors) ends.push(captureErrors(client));
  if (vitals) ends.push(captureVitals(client));
  if (presence) ends.push(capturePresence(client));
  return () => {
    for (const end of ends) end();
  };
}
