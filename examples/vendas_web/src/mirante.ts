import { createMirante, type Mirante, type Person } from "@mirante/web";
import { autocapture } from "@mirante/web/autocapture";
import type { Backend } from "./backend";
import type { Worker } from "./people";

/** Start Mirante for this page. Where there is none, the page shows what it always showed. */
export async function startMirante(backend: Backend): Promise<Mirante> {
  const config = await backend.miranteConfig();
  const client = createMirante({
    ...(config ?? { url: "", key: "" }),
    ...(config ? { getToken: () => backend.token() } : {}),
    ...(backend.worker ? { person: personOf(backend.worker) } : {}),
    onTrouble: (trouble) => console.warn("mirante", trouble),
  });
  if (config) autocapture(client);
  backend.anonymousId = client.anonymousId;
  return client;
}

/** Return somebody as flags and events know them. */
export function personOf(worker: Worker): Person {
  return {
    user: worker.user,
    tenant: worker.tenant,
    attributes: { plano: worker.plan, regiao: worker.region, papel: worker.role },
  };
}
