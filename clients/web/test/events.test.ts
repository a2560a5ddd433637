import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MOST_AGE_MS, MOST_EVENTS, Queue } from "../src/events/queue.js";
import { SafeStorage } from "../src/storage.js";
import { eventsOf, FakeGateway, problem, results } from "./support/fake_gateway.js";
import { begin, client, end, FakeStorage, pass, START, token } from "./support/world.js";

const ANA = { user: "ana", tenant: "acme" };
const BIA = { user: "bia", tenant: "other" };
let gateway: FakeGateway;

beforeEach(() => {
  begin();
  gateway = new FakeGateway();
});
afterEach(end);

const idsOf = (index: number): unknown[] => eventsOf(gateway.batches[index] ?? expect.fail()).map(({ id }) => id);

describe("what is sent", () => {
  it("says who, when, where and in which session, with an id made once", async () => {
    const { mirante } = client({ getToken: () => token("acme", "ana"), person: ANA, release: "abc" });
    mirante.track("filtro_aplicado", { tipo: "status", valor: undefined });
    await pass(3_000);
    const [batch] = gateway.batches;
    expect(batch?.headers.get("x-mirante-token")).toBe(token("acme", "ana"));
    expect(batch?.body).toMatchObject({ sent_at: START + 3_000 });
    const [event] = gateway.sent;
    expect(event).toMatchObject({
      name: "filtro_aplicado",
      tenant: "acme",
      user_id: "ana",
      anonymous_id: mirante.anonymousId,
      occurred_at: START,
      properties: { tipo: "status" },
      context: { release: "abc", library: { name: "mirante-web" } },
    });
    expect(event?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(String(event?.id).replace("-", "").slice(0, 12), 16)).toBe(START);
    expect(mirante.events).toMatchObject({ accepted: 1, waiting: 0 });
  });

  it("sends many at once, and in batches of a bounded size", async () => {
    const { mirante } = client();
    for (let number = 0; number < 250; number++) mirante.track("presenca");
    await pass(0);
    expect(gateway.batches.map((each) => eventsOf(each).length)).toEqual([100, 100, 50]);
  });

  it("refuses what is no event, and tells", async () => {
    const { mirante, troubles } = client();
    const circle: Record<string, never> = {};
    Object.assign(circle, { circle });
    mirante.track("Não é um nome");
    mirante.track("busca_venda", circle);
    mirante.track("busca_venda", { query: "x".repeat(70_000) });
    await pass(5_000);
    expect(gateway.batches).toEqual([]);
    expect(mirante.events.dropped.invalid).toBe(3);
    expect(troubles.map((each) => each.kind)).toEqual(Array(3).fill("events_dropped"));
  });

  it("begins a session after 30 minutes of silence and after a day, and a visitor after a logout", async () => {
    const { mirante } = client({ storage: new FakeStorage() });
    const sessions: unknown[] = [];
    const act = async (): Promise<void> => {
      mirante.track("presenca");
      await mirante.flush();
      sessions.push(gateway.sent.at(-1)?.session_id);
    };
    await act();
    const later = (minutes: number): unknown => vi.setSystemTime(Date.now() + minutes * 60_000);
    later(29);
    await act();
    expect(sessions[1]).toBe(sessions[0]);
    later(30);
    await act();
    expect(sessions[2]).not.toBe(sessions[1]);
    for (let minutes = 0; minutes < 24 * 60; minutes += 20) {
      later(20);
      await act();
    }
    expect(new Set(sessions.slice(2)).size).toBe(2);
    const visitor = mirante.anonymousId;
    mirante.reset();
    expect(mirante.anonymousId).not.toBe(visitor);
  });
});

describe("what comes back", () => {
  it("lets go of what arrived, tells what was rejected, and sends again what is to be sent again", async () => {
    gateway.events = () =>
      results([
        { status: "accepted" },
        { status: "duplicate" },
        { status: "rejected", reason: "CATALOGUE_VIOLATION", field: "properties.tipo", detail: "missing" },
        { status: "retry", retry_after_ms: 8_000 },
      ]);
    const { mirante, troubles } = client();
    for (const name of ["a", "b", "c", "d"]) mirante.track(name);
    await pass(3_000);
    expect(mirante.events).toMatchObject({ accepted: 1, duplicates: 1, rejected: 1, waiting: 1 });
    expect(troubles).toEqual([
      { kind: "event_rejected", event: "c", reason: "CATALOGUE_VIOLATION", field: "properties.tipo", detail: "missing" },
    ]);
    gateway.events = () => results([{ status: "accepted" }]);
    await pass(7_900);
    expect(gateway.batches).toHaveLength(1);
    await pass(2_000);
    expect(idsOf(1)).toEqual([idsOf(0)[3]]);
    expect(mirante.events.waiting).toBe(0);
  });

  it("sends again with the same ids, ever more slowly, and not before it is asked to", async () => {
    gateway.events = () => Promise.reject(new TypeError("network"));
    const { mirante } = client();
    mirante.track("presenca");
    await pass(3_000 + 800 + 1_600);
    expect(gateway.batches).toHaveLength(3);
    gateway.events = () => problem(503, "OVERLOADED", { "Retry-After": "30" });
    await pass(3_100);
    expect(gateway.batches).toHaveLength(4);
    gateway.events = () => results([{ status: "accepted" }]);
    mirante.track("presenca");
    expect(await mirante.flush()).toBe(2);
    await pass(29_000);
    expect(gateway.batches).toHaveLength(4);
    gateway.events = (asked) => results(eventsOf(asked).map(() => ({ status: "accepted" })));
    await pass(10_000);
    expect(gateway.batches).toHaveLength(5);
    expect(idsOf(4)[0]).toBe(idsOf(0)[0]);
    expect(idsOf(4)).toHaveLength(2);
  });

  it("goes on after a pause, also where the clock was set back meanwhile", async () => {
    gateway.events = () => problem(503, "OVERLOADED");
    const { mirante } = client();
    mirante.track("presenca");
    await pass(3_000);
    expect(gateway.batches).toHaveLength(1);
    gateway.events = (asked) => results(eventsOf(asked).map(() => ({ status: "accepted" })));
    vi.setSystemTime(Date.now() - 500);
    await pass(10_000);
    mirante.track("presenca");
    await pass(10_000);
    expect(mirante.events).toMatchObject({ accepted: 2, waiting: 0 });
  });

  it("finds the event that spoils a batch, and loses no other", async () => {
    gateway.events = (asked) => {
      const events = eventsOf(asked);
      if (events.some(({ name }) => name === "huge")) return problem(413, "BODY_TOO_LARGE");
      return results(events.map(() => ({ status: "accepted" })));
    };
    const { mirante, troubles } = client();
    for (const name of ["a", "b", "huge", "c", "d"]) mirante.track(name);
    await pass(3_000);
    expect(mirante.events).toMatchObject({ accepted: 4, rejected: 1, waiting: 0 });
    expect(troubles).toMatchObject([{ event: "huge", reason: "BODY_TOO_LARGE" }]);
  });

  it("keeps everything while it is refused, and does not insist", async () => {
    gateway.events = () => problem(403, "ORIGIN_DENIED");
    const { mirante, troubles } = client();
    mirante.track("presenca");
    await pass(120_000);
    expect(gateway.batches).toHaveLength(1);
    expect(mirante.events.waiting).toBe(1);
    expect(troubles).toMatchObject([{ kind: "refused", what: "events", reason: "ORIGIN_DENIED" }]);
  });

  it("does not take an answer for one of its own that speaks of another number of events", async () => {
    gateway.events = () => results([]);
    const { mirante } = client();
    mirante.track("presenca");
    await pass(3_000);
    expect(mirante.events).toMatchObject({ accepted: 0, waiting: 1 });
  });
});

describe("what waits", () => {
  it("outlives the page, within bounds, and what is given up is counted and told", async () => {
    gateway.events = () => Promise.reject(new TypeError("network"));
    const storage = new FakeStorage();
    const { mirante, troubles } = client({ storage });
    for (let number = 0; number < MOST_EVENTS + 5; number++) mirante.track("presenca", { number });
    await pass(2_000);
    expect(mirante.events).toMatchObject({ waiting: MOST_EVENTS, dropped: { overflow: 5 } });
    expect(troubles[0]).toMatchObject({ kind: "events_dropped", cause: "overflow", count: 1 });
    await mirante.close();

    gateway = new FakeGateway();
    const next = client({ storage });
    await pass(3_000);
    expect(next.mirante.events).toMatchObject({ accepted: MOST_EVENTS, waiting: 0 });
    expect(gateway.sent[0]).toMatchObject({ properties: { number: 5 } });
    expect([...storage.kept.keys()].filter((key) => key.includes("queue"))).toEqual([]);
  });

  it("is taken over from a page that crashed, not from one that lives, and expires", async () => {
    gateway.events = () => Promise.reject(new TypeError("network"));
    const storage = new FakeStorage();
    const crashed = client({ storage }).mirante;
    crashed.track("presenca");
    await pass(1_000);
    expect(client({ storage }).mirante.events.waiting).toBe(0);
    vi.setSystemTime(START + 120_000);
    expect(client({ storage }).mirante.events.waiting).toBe(1);
    crashed.track("presenca");
    vi.setSystemTime(START + MOST_AGE_MS + 60_000);
    const { mirante } = client({ storage });
    expect(mirante.events).toMatchObject({ waiting: 0, dropped: { expired: 1 } });
    await crashed.flush();
    expect(crashed.events.dropped.expired).toBe(1);
  });

  it("is on disk again as soon as it is taken over", () => {
    const storage = new FakeStorage();
    const kept = { id: "0", name: "a", owner: "", at: START, text: "{}", bytes: 2 };
    const of = (instance: string): Queue => new Queue(new SafeStorage(storage, ""), instance, () => undefined);
    const gone = of("gone");
    gone.add(kept);
    gone.save(START, true);
    of("next").adopt(START);
    const after = of("after");
    after.adopt(START + 120_000);
    expect([...after.all]).toEqual([kept]);
  });
});

describe("tokens", () => {
  it("are renewed before they expire, and once when they are refused", async () => {
    let nonce = 0;
    const getToken = vi.fn(() => token("acme", "ana", 600, ++nonce));
    const { mirante } = client({ getToken, person: ANA });
    mirante.track("presenca");
    await pass(3_000);
    mirante.track("presenca");
    await pass(3_000);
    expect(getToken).toHaveBeenCalledTimes(1);
    await pass(540_000); // a minute before its end
    mirante.track("presenca");
    await pass(3_000);
    expect(getToken).toHaveBeenCalledTimes(2);
    gateway.events = (asked) =>
      asked.headers.get("x-mirante-token") === token("acme", "ana", 600, 3)
        ? results([{ status: "accepted" }])
        : problem(401, "TOKEN_EXPIRED");
    mirante.track("presenca");
    await pass(3_000);
    expect(getToken).toHaveBeenCalledTimes(3);
    expect(mirante.events).toMatchObject({ accepted: 4, waiting: 0 });
  });

  it("of somebody else are not used: what somebody did is theirs alone", async () => {
    let who = token("acme", "ana");
    const { mirante, troubles } = client({ getToken: () => who });
    mirante.track("dashboard_acessado"); // nobody is known yet
    mirante.identify(ANA);
    mirante.track("filtro_aplicado", { tipo: "a" });
    await pass(3_000);
    gateway.events = () => Promise.reject(new TypeError("network"));
    mirante.track("filtro_aplicado", { tipo: "b" });
    await pass(3_000);
    mirante.reset();
    who = token("other", "bia");
    mirante.identify(BIA);
    mirante.track("filtro_aplicado", { tipo: "c" });
    gateway.events = (asked) => results(eventsOf(asked).map(() => ({ status: "accepted" })));
    await pass(10_000);
    const sent = gateway.batches.map((batch) => ({
      token: batch.headers.get("x-mirante-token"),
      users: eventsOf(batch).map(({ user_id }) => user_id),
    }));
    expect(sent).toContainEqual({ token: null, users: [undefined] });
    expect(sent).toContainEqual({ token: token("acme", "ana"), users: ["ana"] });
    expect(sent).toContainEqual({ token: token("other", "bia"), users: ["bia"] });
    expect(new Set(sent.flatMap(({ token: shown, users }) => users.map((user) => `${String(user)} ${String(shown)}`))).size).toBe(3);
    expect(mirante.events.waiting).toBe(0);
    // The backend's session is another's than the page believes: nothing is sent in the wrong name.
    mirante.identify(ANA);
    vi.setSystemTime(Date.now() + 3_600_000);
    mirante.track("filtro_aplicado", { tipo: "d" });
    await pass(3_000);
    expect(mirante.events.waiting).toBe(1);
    expect(troubles.at(-1)).toMatchObject({ kind: "token" });
  });

  it("that never come hold back only what needs one", async () => {
    const getToken = (): Promise<string> => new Promise(() => undefined);
    const { mirante, troubles } = client({ getToken, person: ANA });
    mirante.track("de_ana");
    await pass(3_000);
    mirante.reset();
    mirante.track("de_ninguem");
    await pass(60_000);
    expect(gateway.sent.map(({ name }) => name)).toEqual(["de_ninguem"]);
    mirante.identify(ANA);
    mirante.track("de_ana");
    await pass(60_000);
    expect(troubles).toContainEqual({ kind: "token", detail: "getToken failed" });
    expect(mirante.events.waiting).toBe(2);
    mirante.reset();
    await pass(60_000);
  });

  it("that cannot be had hold back only what needs one", async () => {
    const { mirante, troubles } = client({ getToken: () => Promise.reject(new Error("secret")) });
    mirante.identify(ANA);
    mirante.track("filtro_aplicado");
    mirante.reset();
    mirante.track("dashboard_acessado");
    await pass(3_000);
    expect(gateway.sent).toMatchObject([{ name: "dashboard_acessado" }]);
    expect(mirante.events.waiting).toBe(1);
    expect(JSON.stringify(troubles)).not.toContain("secret");
  });
});
