import { afterEach, beforeEach, expect, it } from "vitest";
import { bulk, FakeGateway, flag } from "./support/fake_gateway.js";
import { begin, client, end, FakeStorage, pass, token } from "./support/world.js";

let gateway: FakeGateway;

beforeEach(() => {
  begin();
  gateway = new FakeGateway();
  gateway.flags = () => bulk([flag("cta_nova_venda", "azul", "azul", 3)]);
});
afterEach(end);

const exposures = (): unknown[] =>
  gateway.sent.filter(({ name }) => name === "flag_exposta").map(({ properties }) => properties);

it("records a flag when it is used, not when it is loaded, with what the catalogue asks for", async () => {
  const { mirante } = client();
  await mirante.ready;
  mirante.peek("cta_nova_venda");
  await mirante.flush();
  expect(exposures()).toEqual([]);
  mirante.variant("cta_nova_venda", "verde");
  mirante.variant("cta_nova_venda", "verde");
  mirante.isEnabled("nothing");
  await mirante.flush();
  expect(exposures()).toEqual([
    { flag: "cta_nova_venda", variant: "azul", version: 3, reason: "STATIC", rule_id: "", experiment: "" },
  ]);
});

it("records each variant once in a session, over all pages of it, and again in the next", async () => {
  const storage = new FakeStorage();
  const use = async (): Promise<void> => {
    const { mirante } = client({ storage });
    await mirante.ready;
    mirante.variant("cta_nova_venda", "verde");
    await pass();
    await mirante.close();
  };
  await use();
  await use();
  expect(exposures()).toHaveLength(1);
  gateway.flags = () => bulk([flag("cta_nova_venda", "verde", "verde", 4)], '"2"');
  await use(); // begins with the answer of before, which was recorded
  await use();
  expect(exposures()).toMatchObject([{ variant: "azul" }, { variant: "verde" }]);
  await pass(31 * 60_000);
  await use();
  expect(exposures()).toHaveLength(3);
});

it("records what a flag becomes while it is on the screen, and nothing after", async () => {
  const { mirante } = client();
  const stop = mirante.use("cta_nova_venda");
  await mirante.ready;
  gateway.flags = () => bulk([flag("cta_nova_venda", "verde", "verde", 4)], '"2"');
  await mirante.refresh();
  stop();
  gateway.flags = () => bulk([flag("cta_nova_venda", "azul", "azul", 5)], '"3"');
  await mirante.refresh();
  await mirante.flush();
  expect(exposures()).toMatchObject([
    { variant: "azul", version: 3 },
    { variant: "verde", version: 4 },
  ]);
});

it("exposes nobody to what was answered for somebody else", async () => {
  const { mirante } = client({ getToken: () => token("acme", "ana") });
  await mirante.ready;
  let answer: (response: Response) => void = () => undefined;
  gateway.flags = () => new Promise<Response>((resolve) => (answer = resolve));
  mirante.identify({ user: "ana", tenant: "acme" });
  const stop = mirante.use("cta_nova_venda");
  expect(mirante.variant("cta_nova_venda", "verde")).toBe("azul"); // the visitor's, for a moment
  await mirante.flush();
  expect(exposures()).toEqual([]);
  answer(bulk([flag("cta_nova_venda", "azul", "azul", 3)], '"ana"'));
  await pass();
  await mirante.flush();
  expect(gateway.sent).toMatchObject([{ name: "flag_exposta", user_id: "ana", tenant: "acme" }]);
  stop();
});
