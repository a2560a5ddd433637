import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { merged, seriesAfter } from "../src/live/merge.js";
import { connectLiveMetrics, type LiveMetrics } from "../src/index.js";
import { FakeGateway } from "./support/fake_gateway.js";
import { FakeSocket } from "./support/fake_socket.js";
import { messages } from "./support/live_messages.js";
import { begin, client, end, pass, token } from "./support/world.js";

const ANA = { user: "ana", tenant: "acme" };

beforeEach(() => {
  begin();
  FakeSocket.install();
  new FakeGateway();
});
afterEach(end);

const [snapshot, frame, stale] = messages;
const problem = (status: number, reason: string, retry_after_ms?: number): object => ({
  type: "problem",
  problem: { status, reason, detail: "because", retry_after_ms },
});

async function watching(options: Parameters<typeof client>[0] = {}): Promise<LiveMetrics> {
  const { mirante } = client({ getToken: () => token("acme", "ana"), person: ANA, ...options });
  const live = connectLiveMetrics(mirante);
  await pass();
  FakeSocket.last.accept();
  return live;
}

describe("merging", () => {
  it("takes values whole and series from their first minute on", () => {
    const before = merged([], snapshot);
    const after = merged(before, frame);
    expect(before[0]?.series?.values).toEqual(["1", "2", "3"]);
    expect(after[0]).toMatchObject({ value: "7", series: { values: ["1", "2", "4", "5"] } });
  });

  it("keeps the object of a metric that stays as it is", () => {
    const before = merged([], snapshot);
    const after = merged(before, { metrics: snapshot.metrics.map((metric) => ({ ...metric })) });
    expect(after[0]).toBe(before[0]);
  });

  it("keeps a day, and begins anew after a gap", () => {
    const day = { start_seconds: 0, values: Array<string>(1_440).fill("0") };
    const longer = seriesAfter(day, { start_seconds: 1_439 * 60, values: ["1", "2"] });
    expect(longer).toMatchObject({ start_seconds: 60 });
    expect(longer?.values).toHaveLength(1_440);
    expect(longer?.values.slice(-2)).toEqual(["1", "2"]);
    const later = { start_seconds: 9_000 * 60, values: ["3"] };
    expect(seriesAfter(day, later)).toBe(later);
    expect(seriesAfter(day, undefined)).toBe(day);
  });
});

describe("the connection", () => {
  it("comes back although a listener of the page fails, which keeps nothing from the others", async () => {
    const live = await watching();
    const other = vi.fn();
    live.subscribe(() => {
      throw new Error("of the page");
    });
    live.subscribe(other);
    FakeSocket.last.end(1006);
    expect(other).toHaveBeenCalledOnce();
    await expect(pass()).rejects.toThrow("of the page");
    await pass(2_000);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("says who it is and shows what comes", async () => {
    const live = await watching({ environment: "production" });
    const changed = vi.fn();
    live.subscribe(changed);
    expect(FakeSocket.last.url).toBe("wss://gateway.example/ws/metrics");
    expect(FakeSocket.last.said).toEqual([
      { type: "hello", key: "public", token: token("acme", "ana"), environment: "production", received: "" },
    ]);
    expect(live.state.status).toBe("connecting");
    FakeSocket.last.tell(snapshot);
    expect(live.state).toMatchObject({ status: "live", asOf: snapshot.as_of, catchingUp: false });
    FakeSocket.last.tell(frame);
    expect(live.metric("vendas_hora")?.value).toBe("7");
    FakeSocket.last.tell(stale);
    expect(live.state.status).toBe("stale");
    FakeSocket.last.tell({ type: "of a later gateway" });
    FakeSocket.last.onmessage({ data: "{" });
    FakeSocket.last.tell({ type: "snapshot", metrics: 7 });
    expect(live.metric("vendas_hora")?.value).toBe("7");
    expect(changed).toHaveBeenCalledTimes(3);
  });

  it("goes on where it was after a break, and keeps its numbers meanwhile", async () => {
    const live = await watching();
    FakeSocket.last.tell(snapshot);
    FakeSocket.last.end(1006);
    expect(live.state).toMatchObject({ status: "connecting" });
    expect(live.metric("vendas_hora")?.value).toBe("6");
    await pass(400);
    FakeSocket.last.accept();
    expect(FakeSocket.all).toHaveLength(2);
    expect(FakeSocket.last.said[0]).toMatchObject({ received: snapshot.position });
    FakeSocket.last.tell({ type: "resumed", position: snapshot.position });
    expect(live.state.status).toBe("live");
  });

  it("comes back ever more slowly, within a second of a restart, and when it is asked to", async () => {
    await watching();
    const waits: number[] = [];
    const ended = async (code: number): Promise<void> => {
      const count = FakeSocket.all.length;
      let waited = 0;
      FakeSocket.last.end(code);
      while (FakeSocket.all.length === count) {
        await pass(100);
        waited += 100;
      }
      waits.push(waited);
    };
    for (let time = 0; time < 3; time++) await ended(1006);
    await ended(1012);
    FakeSocket.last.tell(problem(429, "TOO_MANY_CONNECTIONS", 5_000));
    await ended(4429);
    expect(waits.slice(0, 4)).toEqual([400, 800, 1_500, 500]);
    expect(waits[4]).toBeGreaterThanOrEqual(5_000);
  });

  it("asks for another token when its own is refused", async () => {
    let nonce = 0;
    await watching({ getToken: () => token("acme", "ana", 600, nonce++) });
    FakeSocket.last.tell(problem(401, "TOKEN_EXPIRED"));
    FakeSocket.last.end(4401);
    await pass(400);
    FakeSocket.last.accept();
    expect(FakeSocket.last.said[0]).toMatchObject({ token: token("acme", "ana", 600, 1) });
  });

  it("does not insist where it is refused for good, and says why", async () => {
    const live = await watching();
    FakeSocket.last.tell(problem(401, "REVOKED_KEY"));
    FakeSocket.last.end(4401);
    expect(live.state).toMatchObject({ status: "refused", problem: { reason: "REVOKED_KEY" } });
    await pass(60_000);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it("renews its token on the open socket before it expires", async () => {
    let nonce = 0;
    await watching({ getToken: () => token("acme", "ana", 600, nonce++) });
    for (let second = 0; second < 545; second += 5) {
      FakeSocket.last.tell(stale);
      await pass(5_000);
    }
    expect(FakeSocket.all).toHaveLength(1);
    expect(FakeSocket.last.said.slice(1)).toEqual([{ type: "renew", token: token("acme", "ana", 600, 1) }]);
  });

  it("takes a socket that falls silent for dead", async () => {
    await watching();
    FakeSocket.last.tell(snapshot);
    await pass(21_000);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("shows a tenant nothing of another", async () => {
    let who = token("acme", "ana");
    const { mirante } = client({ getToken: () => who });
    const live = connectLiveMetrics(mirante);
    expect(live.state.status).toBe("idle");
    mirante.identify(ANA);
    await pass();
    const first = FakeSocket.last;
    first.accept();
    first.tell(snapshot);
    who = token("other", "bia");
    mirante.identify({ user: "bia", tenant: "other" });
    expect(live.state).toMatchObject({ status: "connecting", metrics: [] });
    first.tell(frame); // was on its way
    await pass();
    FakeSocket.last.accept();
    expect(live.state.metrics).toEqual([]);
    expect(FakeSocket.last.said[0]).toMatchObject({ token: who, received: "" });
    mirante.reset();
    expect(live.state).toMatchObject({ status: "idle", metrics: [] });
    live.close();
    expect(live.state.status).toBe("closed");
  });
});
