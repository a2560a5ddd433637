import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bulk, FakeGateway, flag, problem } from "./support/fake_gateway.js";
import { begin, client, end, FakeStorage, pass, token } from "./support/world.js";

let gateway: FakeGateway;

beforeEach(() => {
  begin();
  gateway = new FakeGateway();
  gateway.flags = () => bulk([flag("nova_ui_vendas", true, "on"), flag("cta_nova_venda", "azul", "azul")]);
});
afterEach(end);

describe("answers", () => {
  it("asks for whoever sits here, with the key, and serves what was answered", async () => {
    const { mirante } = client({ attributes: { canal: "web" }, environment: "staging" });
    expect(mirante.details("nova_ui_vendas", false)).toMatchObject({ value: false, error: "NOT_READY" });
    await mirante.ready;
    expect(mirante.isEnabled("nova_ui_vendas")).toBe(true);
    expect(mirante.variant("cta_nova_venda", "verde")).toBe("azul");
    const [question] = gateway.flagQuestions;
    expect(question?.headers.get("x-api-key")).toBe("public");
    expect(question?.headers.get("x-mirante-environment")).toBe("staging");
    expect(question?.body).toEqual({
      context: { canal: "web", anonymous_id: mirante.anonymousId, targetingKey: mirante.anonymousId },
    });
  });

  it("serves the caller's default only for what was never seen or has another type", async () => {
    const { mirante } = client();
    await mirante.ready;
    expect(mirante.isEnabled("nothing", true)).toBe(true);
    expect(mirante.details("nothing", 7)).toMatchObject({ value: 7, variant: "", error: "FLAG_NOT_FOUND" });
    expect(mirante.isEnabled("cta_nova_venda", true)).toBe(true);
    expect(mirante.variant("nothing", "verde")).toBe("verde");
  });

  it("keeps the last answer of a flag that fails for now, and forgets one that is gone", async () => {
    const { mirante } = client();
    await mirante.ready;
    gateway.flags = () =>
      bulk([{ key: "nova_ui_vendas", errorCode: "GENERAL", errorDetails: "no" }, { nonsense: 1 }, null], '"2"');
    await mirante.refresh();
    expect(mirante.isEnabled("nova_ui_vendas")).toBe(true);
    expect(mirante.variant("cta_nova_venda", "verde")).toBe("verde");
  });

  it("goes on with what it has while the gateway is away, asks ever more slowly and heeds Retry-After", async () => {
    const { mirante } = client();
    await mirante.ready;
    gateway.streams[0]?.end();
    gateway.stream = () => problem(503, "NOT_READY");
    gateway.flags = () => Promise.reject(new TypeError("network"));
    await mirante.refresh();
    expect(mirante.isEnabled("nova_ui_vendas")).toBe(true);
    const before = gateway.flagQuestions.length;
    await pass(800); // 1 s, spread: 750 ms
    expect(gateway.flagQuestions.length).toBe(before + 1);
    gateway.flags = () => problem(429, "QUOTA_EXCEEDED", { "Retry-After": "40" });
    await pass(1_600);
    expect(gateway.flagQuestions.length).toBe(before + 2);
    await pass(39_000);
    expect(gateway.flagQuestions.length).toBe(before + 2);
    await pass(6_000);
    expect(gateway.flagQuestions.length).toBe(before + 3);
  });

  it("tells once that it is refused", async () => {
    gateway.flags = () => problem(401, "UNKNOWN_KEY");
    const { mirante, troubles } = client();
    await mirante.ready;
    await mirante.refresh();
    expect(troubles).toEqual([
      { kind: "refused", what: "flags", status: 401, reason: "UNKNOWN_KEY", detail: "because" },
    ]);
    expect(mirante.isEnabled("nova_ui_vendas", true)).toBe(true);
  });
});

describe("cache and bootstrap", () => {
  it("begins with the answers of the last visit and confirms them by their ETag", async () => {
    const storage = new FakeStorage();
    await client({ storage }).mirante.ready;
    gateway.flags = () => new Response(null, { status: 304, headers: { ETag: '"1"' } });
    const { mirante } = client({ storage });
    expect(mirante.details("cta_nova_venda")).toMatchObject({ variant: "azul", source: "cache", version: 1 });
    await pass();
    expect(gateway.flagQuestions.at(-1)?.headers.get("if-none-match")).toBe('"1"');
    expect(gateway.streams).toHaveLength(2); // the address of the stream was kept as well
    expect(mirante.variant("cta_nova_venda", "verde")).toBe("azul");
  });

  it("keeps no answers for somebody else", async () => {
    const storage = new FakeStorage();
    await client({ storage, person: { user: "ana", tenant: "acme" } }).mirante.ready;
    const { mirante } = client({ storage, person: { user: "bia", tenant: "acme" } });
    expect(mirante.peek("nova_ui_vendas")).toBeUndefined();
    expect([...storage.kept.values()].join()).not.toContain('"ana"');
  });

  it("works where storage is full, forbidden or full of nonsense", async () => {
    const full = new FakeStorage();
    full.most = 10;
    const forbidden = new FakeStorage();
    forbidden.getItem = forbidden.setItem = forbidden.key = () => {
      throw new DOMException("no", "SecurityError");
    };
    const nonsense = new FakeStorage();
    await client({ storage: nonsense }).mirante.ready;
    for (const key of nonsense.kept.keys()) nonsense.kept.set(key, '{"flags": 7');
    for (const storage of [full, forbidden, nonsense]) {
      const { mirante } = client({ storage });
      await mirante.ready;
      expect(mirante.isEnabled("nova_ui_vendas")).toBe(true);
      mirante.track("dashboard_acessado");
      expect(await mirante.flush()).toBe(0);
    }
  });

  it("serves what the backend has rendered before anything was asked", () => {
    gateway.flags = () => new Promise<Response>(() => undefined);
    const answer = { key: "nova_ui_vendas", value: true, variant: "on", reason: "STATIC", metadata: {} } as const;
    const { mirante } = client({ bootstrap: [answer] });
    expect(mirante.details("nova_ui_vendas", false)).toMatchObject({ value: true, source: "bootstrap" });
  });
});

describe("changes", () => {
  it("asks again upon a notice, and tells only those whose flag has changed", async () => {
    const { mirante } = client();
    await mirante.ready;
    const ofUi = vi.fn();
    const ofButton = vi.fn();
    mirante.onFlag("nova_ui_vendas", ofUi);
    mirante.onFlag("cta_nova_venda", ofButton);
    gateway.flags = () => bulk([flag("nova_ui_vendas", false, "off", 2), flag("cta_nova_venda", "azul", "azul")], '"2"');
    gateway.streams[0]?.say(": still here\n\nevent: mess");
    gateway.streams[0]?.say('age\ndata: {"type": "somethingElse"}\n\n');
    await pass(1_000);
    expect(gateway.flagQuestions).toHaveLength(1);
    gateway.streams[0]?.notice();
    gateway.streams[0]?.notice();
    await pass(250);
    expect(gateway.flagQuestions).toHaveLength(2);
    expect(mirante.isEnabled("nova_ui_vendas", true)).toBe(false);
    expect(ofUi).toHaveBeenCalledTimes(1);
    expect(ofButton).not.toHaveBeenCalled();
  });

  it("opens a stream that broke or fell silent, and polls while there is none", async () => {
    const { mirante } = client({ pollMs: 10_000 });
    await mirante.ready;
    gateway.streams[0]?.notice();
    await pass(250);
    gateway.streams[0]?.end();
    await pass(1_000);
    expect(gateway.streams).toHaveLength(2);
    gateway.streams[1]?.notice();
    await pass(46_000); // silent for longer than the gateway ever is
    expect(gateway.streams[1]?.isOpen).toBe(false);
    gateway.stream = () => problem(503, "NOT_READY");
    await pass(5_000);
    const asked = gateway.flagQuestions.length;
    await pass(30_000);
    expect(gateway.flagQuestions.length - asked).toBe(3);
  });

  it("asks for another address when that of the stream is too old", async () => {
    gateway.stream = () => problem(401, "UNKNOWN_KEY");
    client();
    await pass(1_000);
    expect(gateway.flagQuestions.map((each) => each.headers.has("if-none-match"))).toEqual([false, false]);
  });

  it("answers for whoever comes, and takes nothing that was asked for another", async () => {
    const { mirante } = client({ getToken: () => token("acme", "ana") });
    await mirante.ready;
    let answer: (response: Response) => void = () => undefined;
    gateway.flags = () => new Promise<Response>((resolve) => (answer = resolve));
    void mirante.refresh();
    await pass();
    mirante.identify({ user: "ana", tenant: "acme", attributes: { plano: "premium" } });
    gateway.flags = () => bulk([flag("nova_ui_vendas", true, "on"), flag("relatorios_avancados", true, "on")], '"a"');
    answer(bulk([flag("nova_ui_vendas", false, "off")], '"late"'));
    await pass();
    expect(gateway.flagQuestions.at(-1)?.body.context).toMatchObject({
      targetingKey: "ana",
      tenant_id: "acme",
      plano: "premium",
      anonymous_id: mirante.anonymousId,
    });
    expect(mirante.isEnabled("relatorios_avancados")).toBe(true);
    expect(mirante.isEnabled("nova_ui_vendas")).toBe(true);
  });
});
