// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { eventsOf, FakeGateway } from "./support/fake_gateway.js";
import { begin, client, end, FakeStorage, pass, token } from "./support/world.js";

let gateway: FakeGateway;
let visibility: DocumentVisibilityState;
let beacons: Record<string, unknown>[];
let room: number;

beforeEach(() => {
  begin();
  gateway = new FakeGateway();
  visibility = "visible";
  beacons = [];
  room = Infinity;
  vi.spyOn(document, "visibilityState", "get").mockImplementation(() => visibility);
  navigator.sendBeacon = (url, body) => {
    if (url !== "https://gateway.example/v1/events" || typeof body !== "string") throw new Error("unexpected beacon");
    if (body.length > room) return false;
    beacons.push(JSON.parse(body) as Record<string, unknown>);
    return true;
  };
});
afterEach(end);

function become(state: DocumentVisibilityState): void {
  visibility = state;
  document.dispatchEvent(new Event("visibilitychange"));
}

const namesOf = (beacon: Record<string, unknown>): unknown[] =>
  (beacon.events as Record<string, unknown>[]).map(({ name }) => name);

it("hands over what waits when the page goes, each with the token of its owner, and confirms it later", async () => {
  const { mirante } = client({ getToken: () => token("acme", "ana") });
  mirante.track("dashboard_acessado");
  mirante.identify({ user: "ana", tenant: "acme" });
  mirante.track("filtro_aplicado");
  await pass(3_000);
  mirante.track("periodo_alterado");
  mirante.reset();
  await pass(0);
  mirante.track("pagina_vista");
  const asked = gateway.batches.length;
  become("hidden");
  dispatchEvent(new Event("pagehide"));
  expect(beacons).toMatchObject([{ key: "public", events: [{ name: "pagina_vista" }] }]);
  mirante.track("web_vital"); // told by others when the page goes
  expect(namesOf(beacons[1] ?? {})).toEqual(["web_vital"]);
  expect(mirante.events.waiting).toBe(2);
  become("visible");
  await pass(0);
  expect(gateway.batches.slice(asked).flatMap(eventsOf).map(({ name }) => name)).toEqual(["pagina_vista", "web_vital"]);
  expect(mirante.events.waiting).toBe(0);
});

it("carries the token of a person in the body", async () => {
  const { mirante } = client({ getToken: () => token("acme", "ana"), person: { user: "ana", tenant: "acme" } });
  mirante.track("filtro_aplicado");
  become("hidden");
  expect(beacons).toEqual([]); // no token is at hand yet: it waits for the next page
  become("visible");
  await pass(3_000);
  mirante.track("periodo_alterado");
  become("hidden");
  expect(beacons).toMatchObject([{ key: "public", token: token("acme", "ana") }]);
});

it("hands over in parts what the browser has no room for, and keeps the rest for the next page", async () => {
  const storage = new FakeStorage();
  const { mirante } = client({ storage });
  for (let number = 0; number < 8; number++) mirante.track("busca_venda", { query: "x".repeat(5_000) });
  room = 12_000;
  become("hidden");
  expect(beacons.map((each) => namesOf(each).length)).toEqual([2, 2, 2, 2]);
  room = 0;
  mirante.track("filtro_aplicado");
  dispatchEvent(new Event("pagehide"));
  const next = client({ storage });
  expect(next.mirante.events.waiting).toBe(9);
  await next.mirante.flush();
  expect(next.mirante.events.accepted).toBe(9);
});

it("hears of no changes while it is out of sight, and asks when it is seen again", async () => {
  const { mirante } = client();
  await mirante.ready;
  expect(gateway.streams[0]?.isOpen).toBe(true);
  become("hidden");
  await pass(31_000);
  expect(gateway.streams[0]?.isOpen).toBe(false);
  const asked = gateway.flagQuestions.length;
  await pass(3_600_000);
  expect(gateway.flagQuestions.length).toBe(asked);
  become("visible");
  await pass(0);
  expect(gateway.flagQuestions.length).toBe(asked + 1);
  expect(gateway.streams[1]?.isOpen).toBe(true);
});
