import { VERSION } from "../version.js";
import type { Event } from "./event.js";

/** Return where an event happens: page, browser and device, as far as the browser tells. */
export function surroundings(release: string, path: string | undefined): NonNullable<Event["context"]> {
  const agent = typeof navigator === "undefined" ? "" : navigator.userAgent;
  const locale = typeof navigator === "undefined" ? undefined : navigator.language;
  const page = path === undefined ? undefined : { path, referrer: referrer() };
  return {
    library: { name: "mirante-web", version: VERSION },
    ...(release ? { release } : {}),
    ...(locale ? { locale } : {}),
    ...(page ? { page } : {}),
    ...(typeof document === "undefined" ? {} : { browser: browserOf(agent), device: deviceOf(agent) }),
  };
}

/** Return the path of the page; undefined where there is none. What follows it may be personal, and stays here. */
export function pagePath(): string | undefined {
  return typeof document === "undefined" ? undefined : location.pathname;
}

/** The page before, without what follows the path. */
function referrer(): string {
  return document.referrer.replace(/[?#].*$/, "").slice(0, 500);
}

/** Return name and major version. Browsers that call themselves by several names are told by the rarest one. */
export function browserOf(agent: string): { name: string; version: string } {
  for (const [name, pattern] of BROWSERS) {
    const found = pattern.exec(agent);
    if (found) return { name, version: found[1] ?? "" };
  }
  return { name: "other", version: "" };
}

/** Return the kind of device and its system. */
export function deviceOf(agent: string): { type: string; operating_system: string } {
  const system = SYSTEMS.find(([, pattern]) => pattern.test(agent))?.[0] ?? "other";
  const isTablet = /iPad|Tablet/.test(agent) || (system === "Android" && !agent.includes("Mobile"));
  return { type: isTablet ? "tablet" : /Mobi/.test(agent) ? "mobile" : "desktop", operating_system: system };
}

const BROWSERS: readonly (readonly [string, RegExp])[] = [
  ["Edge", /Edg(?:A|iOS)?\/(\d+)/],
  ["Opera", /OPR\/(\d+)/],
  ["Samsung Internet", /SamsungBrowser\/(\d+)/],
  ["Firefox", /(?:Firefox|FxiOS)\/(\d+)/],
  ["Chrome", /(?:Chrome|CriOS)\/(\d+)/],
  ["Safari", /Version\/(\d+).*Safari/],
];

const SYSTEMS: readonly (readonly [string, RegExp])[] = [
  ["Android", /Android/],
  ["iOS", /iPhone|iPad|iPod/],
  ["Windows", /Windows/],
  ["macOS", /Mac OS X/],
  ["Linux", /Linux|CrOS/],
];
