/** Icons, drawn with the colour of the text beside them; they say nothing to a screen reader. */
import type { ReactNode } from "react";

const PATHS = {
  more: <path d="M5 12h.01M12 12h.01M19 12h.01" strokeWidth="3" />,
  live: <path d="M3 12h4l2.5-7 4 14 2.5-7h5" />,
  flags: (
    <>
      <path d="M5 21V4" />
      <path d="M5 4.5c4-2 6 2 10 .5 1.5-.5 2.5-1 4-1v9c-1.5 0-2.5.5-4 1-4 1.5-6-2.5-10-.5" />
    </>
  ),
  events: (
    <>
      <path d="M9 6h11M9 12h11M9 18h11" />
      <path d="M4.5 6h.01M4.5 12h.01M4.5 18h.01" strokeWidth="2.6" />
    </>
  ),
  alerts: (
    <>
      <path d="M6 10a6 6 0 1 1 12 0c0 5 2 6.5 2 6.5H4S6 15 6 10Z" />
      <path d="M10 20a2.2 2.2 0 0 0 4 0" />
    </>
  ),
  experiments: (
    <>
      <path d="M9 3h6M10 3v6L4.5 18.5A1.7 1.7 0 0 0 6 21h12a1.7 1.7 0 0 0 1.5-2.5L14 9V3" />
      <path d="M7.5 15h9" />
    </>
  ),
  rollouts: <path d="M3 20h5v-5h5v-5h5V5h3" />,
  programme: (
    <>
      <path d="M4.5 18.5a9 9 0 1 1 15 0" />
      <path d="m12 14 4-5" />
    </>
  ),
  analytics: (
    <>
      <path d="M4 20h16" />
      <path d="M7 16v-5M12 16V5M17 16V9" strokeWidth="2.6" />
    </>
  ),
  filter: <path d="M4 6h16M7 12h10M10 18h4" />,
  refresh: (
    <>
      <path d="M19.5 12a7.5 7.5 0 1 1-2.2-5.3" />
      <path d="M19.5 3.5v4h-4" />
    </>
  ),
  person: (
    <>
      <circle cx="12" cy="8" r="4" />
      <path d="M4.5 20c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5" />
    </>
  ),
  search: (
    <>
      <circle cx="11" cy="11" r="6.5" />
      <path d="m16 16 4.5 4.5" />
    </>
  ),
  close: <path d="m6 6 12 12M18 6 6 18" />,
  down: <path d="m6 9 6 6 6-6" />,
  back: <path d="m14.5 5-7 7 7 7" />,
  warning: (
    <>
      <path d="M12 4 2.8 20h18.4Z" />
      <path d="M12 10v4.5M12 17.3v.1" />
    </>
  ),
  check: <path d="m5 12.5 4.5 4.5L19 7.5" />,
  empty: (
    <>
      <path d="M4 13 6.5 5h11L20 13v6H4Z" />
      <path d="M4 13h4.5l1.5 2.5h4l1.5-2.5H20" />
    </>
  ),
  plus: <path d="M12 5v14M5 12h14" />,
  up: <path d="m6 15 6-6 6 6" />,
  power: (
    <>
      <path d="M12 3.5V12" />
      <path d="M7 6.6a7.5 7.5 0 1 0 10 0" />
    </>
  ),
  pause: <path d="M8.5 5v14M15.5 5v14" />,
  play: <path d="M7 4.5v15l12-7.5Z" />,
  shop: (
    <>
      <path d="M4 9.5V20h16V9.5" />
      <path d="M3 9 5 4h14l2 5c0 1.5-1 2.5-2.25 2.5S16.5 10.5 16.5 9c0 1.5-1 2.5-2.25 2.5S12 10.5 12 9c0 1.5-1 2.5-2.25 2.5S7.5 10.5 7.5 9c0 1.5-1 2.5-2.25 2.5S3 10.5 3 9Z" />
    </>
  ),
  copy: (
    <>
      <rect x="8.5" y="8.5" width="11.5" height="11.5" rx="2" />
      <path d="M15.5 8.5V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v7.5a2 2 0 0 0 2 2h2.5" />
    </>
  ),
} satisfies Record<string, ReactNode>;

/** The name of an icon. */
export type IconName = keyof typeof PATHS;

/** One icon of 24 by 24 units; CSS sizes it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg
      viewBox="0 0 24 24"
      width="18"
      height="18"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {PATHS[name]}
    </svg>
  );
}

/** The mark of Mirante: a sun above hills. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="#0b6480" />
      <circle cx="16" cy="13" r="4.5" fill="#ffd9a0" />
      <path
        d="M5 22.5 12 16l4 3.5L20.5 15 27 22.5"
        fill="none"
        stroke="#fff"
        strokeWidth="2.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
