// The browser client, as it is built, in the hands of a test. The first argument is the folder of the build.
import { pathToFileURL } from "node:url";
import { serve } from "./program.mjs";

const { connectLiveMetrics, createMirante } = await import(pathToFileURL(`${process.argv[2]}/index.js`).href);

let client;
let live;
let token = "";
const troubles = [];
const changed = [];

/** Resolves when a condition holds that may begin to hold whenever `subscribe` tells. */
function until(subscribe, holds) {
  return new Promise((resolve) => {
    if (holds()) return resolve();
    const end = subscribe(() => {
      if (!holds()) return;
      end();
      resolve();
    });
  });
}

await serve({
  start: async ({ url, key, person, token: first = "" }) => {
    token = first;
    const getToken = first ? () => token : undefined;
    client = createMirante({ url, key, person, getToken, onTrouble: (trouble) => troubles.push(trouble) });
    client.onFlags((keys) => changed.push(...keys));
    await client.ready;
    return { anonymous: client.anonymousId };
  },
  details: ({ key, fallback }) => client.details(key, fallback),
  untilFlag: async ({ key, value }) => {
    await until((listener) => client.onFlag(key, listener), () => client.peek(key)?.value === value);
    return { changed };
  },
  token: ({ token: next }) => void (token = next),
  identify: ({ person }) => client.identify(person),
  reset: () => client.reset(),
  track: ({ name, properties }) => client.track(name, properties),
  flush: async () => {
    const left = await client.flush();
    return { left, ...client.events, troubles };
  },
  watch: () => void (live = connectLiveMetrics(client)),
  untilLive: async ({ status, value }) => {
    const holds = () => live.state.status === status && (value === undefined || live.metric("vendas_hora")?.value === value);
    await until((listener) => live.subscribe(listener), holds);
    return { ...live.state, metric: live.metric("vendas_hora") ?? null };
  },
  close: () => client.close(),
});
