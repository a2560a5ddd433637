import type { Mirante } from "../client.js";

const NEAR_PX = 30;
const SOON_MS = 1_000;
/** Controls that people click many times in a row without any rage; "agina" is of Paginação and of Pagination. */
const CALM =
  "[data-no-rage], input, select, textarea, [role=spinbutton], [role=slider], [rel=next], [rel=prev], [aria-label*=agina]";
const MOST_SELECTOR = 200;

/** A click: where, and when (milliseconds). */
export interface Click {
  readonly x: number;
  readonly y: number;
  readonly at: number;
}

/** Counts clicks that follow each other soon and near, each compared with the one before. */
export class Burst {
  #last: Click | undefined;
  #count = 0;

  /** Take a click; return the number that it is in its burst, beginning with 1. */
  add(click: Click): number {
    const last = this.#last;
    const goesOn =
      last !== undefined &&
      Math.abs(click.x - last.x) + Math.abs(click.y - last.y) < NEAR_PX &&
      click.at - last.at < SOON_MS;
    this.#last = click;
    this.#count = goesOn ? this.#count + 1 : 1;
    return this.#count;
  }

  /** Begin anew. */
  end(): void {
    this.#last = undefined;
  }
}

/** Tracks `clique_raivoso`, once for each burst: at its click number `count`. Returns what ends that. */
export function captureRageClicks(client: Mirante, count = 3): () => void {
  const burst = new Burst();
  const clicked = (event: MouseEvent): void => {
    if (!(event.target instanceof Element) || event.target.closest(CALM)) {
      burst.end();
    } else if (burst.add({ x: event.clientX, y: event.clientY, at: event.timeStamp }) === count) {
      const elemento = selectorOf(event.target);
      client.track("clique_raivoso", { caminho: client.path ?? "", elemento, cliques: count });
    }
  };
  document.addEventListener("click", clicked, true);
  return () => document.removeEventListener("click", clicked, true);
}

/** Return a selector of an element and two around it, made of what was written by developers; no text of the page. */
export function selectorOf(element: Element): string {
  const parts: string[] = [];
  let each: Element | null = element;
  while (each && parts.length < 3) {
    const tag = each.tagName.toLowerCase();
    const id = /^[A-Za-z][A-Za-z_-]*$/.test(each.id) ? `#${each.id}` : "";
    const classes = [...each.classList].slice(0, 3).map((name) => `.${name}`);
    parts.unshift(tag + (id || classes.join("")));
    if (id) break;
    each = each.parentElement;
  }
  return parts.join(" > ").slice(0, MOST_SELECTOR);
}
