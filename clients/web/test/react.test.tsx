// @vitest-environment happy-dom
import { act, type ReactNode, StrictMode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Mirante } from "../src/index.js";
import { MiranteProvider, useFlag, useLiveMetric, useLiveMetrics, useTrack, useVariant } from "../src/react/index.js";
import { bulk, FakeGateway, flag } from "./support/fake_gateway.js";
import { FakeSocket } from "./support/fake_socket.js";
import { messages } from "./support/live_messages.js";
import { begin, client, end, pass, token } from "./support/world.js";

let gateway: FakeGateway;
let root: Root;
let page: HTMLElement;

beforeEach(() => {
  begin();
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  FakeSocket.install();
  gateway = new FakeGateway();
  gateway.flags = () => bulk([flag("nova_ui_vendas", true, "on"), flag("cta_nova_venda", "azul", "azul")]);
  page = document.createElement("div");
  root = createRoot(page);
});
afterEach(async () => {
  act(() => {
    root.unmount();
  });
  await end();
});

function show(mirante: Mirante, children: ReactNode): void {
  act(() => {
    root.render(<MiranteProvider client={mirante}>{children}</MiranteProvider>);
  });
}

it("draws a component again only when its own flag changes", async () => {
  const drawn = { list: 0, button: 0 };
  const List = (): ReactNode => {
    drawn.list++;
    return <p>{useFlag("nova_ui_vendas") ? "new" : "old"}</p>;
  };
  const Button = (): ReactNode => {
    drawn.button++;
    return <button>{useVariant("cta_nova_venda", "verde")}</button>;
  };
  let answer: (response: Response) => void = () => undefined;
  gateway.flags = () => new Promise((resolve) => (answer = resolve));
  const { mirante } = client();
  show(mirante, [<List key="list" />, <Button key="button" />]);
  expect(page.textContent).toBe("oldverde");
  await act(async () => {
    answer(bulk([flag("nova_ui_vendas", true, "on"), flag("cta_nova_venda", "azul", "azul")]));
    await pass();
  });
  expect(page.textContent).toBe("newazul");
  const before = { ...drawn };
  gateway.flags = () => bulk([flag("nova_ui_vendas", true, "on"), flag("cta_nova_venda", "verde", "verde", 2)], '"2"');
  await act(async () => mirante.refresh());
  expect(page.textContent).toBe("newverde");
  expect(drawn).toEqual({ list: before.list, button: before.button + 1 });
});

it("records what is on the screen once, also when effects run twice, and not what is never drawn", async () => {
  const Button = (): ReactNode => useVariant("cta_nova_venda", "verde");
  const { mirante } = client();
  await mirante.ready;
  show(
    mirante,
    <StrictMode>
      <Button />
      <Button />
    </StrictMode>,
  );
  await mirante.flush();
  expect(gateway.sent).toMatchObject([
    { name: "flag_exposta", properties: { flag: "cta_nova_venda", variant: "azul" } },
  ]);
});

it("tracks by a function that stays the same", async () => {
  const functions = new Set<unknown>();
  const Button = ({ label }: { label: string }): ReactNode => {
    const track = useTrack();
    functions.add(track);
    return <button onClick={() => track("botao_nova_venda_clicado", { origem: "lista" })}>{label}</button>;
  };
  const { mirante } = client();
  show(mirante, <Button label="a" />);
  show(mirante, <Button label="b" />);
  page.querySelector("button")?.click();
  await mirante.flush();
  expect(functions.size).toBe(1);
  expect(gateway.sent).toMatchObject([{ name: "botao_nova_venda_clicado", properties: { origem: "lista" } }]);
});

it("shares one socket among all that watch, and closes it when nobody does", async () => {
  const [snapshot, frame] = messages;
  let drawn = 0;
  const Status = (): ReactNode => useLiveMetrics().status;
  const Card = ({ name }: { name: string }): ReactNode => {
    drawn++;
    return ` ${name}: ${useLiveMetric(name)?.value ?? "-"}`;
  };
  const { mirante } = client({ getToken: () => token("acme", "ana"), person: { user: "ana", tenant: "acme" } });
  show(mirante, [<Status key="s" />, <Card key="a" name="vendas_hora" />, <Card key="b" name="nothing" />]);
  expect(page.textContent).toBe("connecting vendas_hora: - nothing: -");
  await act(async () => {
    await pass();
    FakeSocket.last.accept();
    FakeSocket.last.tell(snapshot);
  });
  expect(page.textContent).toBe("live vendas_hora: 6 nothing: -");
  const before = drawn;
  act(() => {
    FakeSocket.last.tell(frame);
  });
  expect(page.textContent).toBe("live vendas_hora: 7 nothing: -");
  expect(drawn).toBe(before + 1);
  expect(FakeSocket.all).toHaveLength(1);
  show(mirante, null);
  await pass(3_000);
  expect(FakeSocket.last.readyState).toBe(3);
});
