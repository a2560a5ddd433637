/** English. It is no script of the pages but a file of data, which who chooses English loads. */
import type { Texts } from "../messages";
import { alerts } from "./alerts";
import { events } from "./events";
import { flags } from "./flags";
import { live } from "./live";
import { shell } from "./shell";

/** A text for every key that Portuguese has. */
export const texts: Texts = { ...shell, ...live, ...alerts, ...events, ...flags };
