/** Portuguese, the first language of the pages. It is no script but a file of data, as every language is. */
import { alerts } from "./alerts";
import { analytics } from "./analytics";
import { design } from "./design";
import { events } from "./events";
import { experiments } from "./experiments";
import { explore } from "./explore";
import { flags } from "./flags";
import { impact } from "./impact";
import { live } from "./live";
import { programme } from "./programme";
import { rollouts } from "./rollouts";
import { shell } from "./shell";

/** Every text. */
export const texts = {
  ...shell,
  ...live,
  ...flags,
  ...events,
  ...alerts,
  ...analytics,
  ...explore,
  ...impact,
  ...experiments,
  ...design,
  ...rollouts,
  ...programme,
} as const;
