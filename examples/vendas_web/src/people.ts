/** Somebody who works with vendas, and what rules of flags may ask for. */
export interface Worker {
  readonly user: string;
  readonly name: string;
  readonly tenant: string;
  readonly company: string;
  readonly plan: string;
  readonly region: string;
  readonly role: string;
}

/** Who can log in here. In a real application people log in, and the backend knows them by its session. */
export const WORKERS: readonly Worker[] = [
  { user: "ana", name: "Ana Prado", tenant: "acme", company: "Acme Papelaria", plan: "premium", region: "Sul", role: "gerente" },
  { user: "bruno", name: "Bruno Lima", tenant: "acme", company: "Acme Papelaria", plan: "premium", region: "Sul", role: "vendedor" },
  { user: "carla", name: "Carla Reis", tenant: "horizonte", company: "Horizonte", plan: "premium", region: "Sudeste", role: "vendedor" },
  { user: "davi", name: "Davi Moura", tenant: "ipe", company: "Ipê Livros", plan: "basico", region: "Nordeste", role: "vendedor" },
];

const NAME = "vendas.quem";

/** Return who was logged in on the last visit. */
export function remembered(): Worker | undefined {
  return WORKERS.find(({ user }) => user === localStorage.getItem(NAME));
}

/** Remember who is logged in. */
export function remember(worker: Worker | undefined): void {
  if (worker) localStorage.setItem(NAME, worker.user);
  else localStorage.removeItem(NAME);
}
