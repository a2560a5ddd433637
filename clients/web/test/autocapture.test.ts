// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { autocapture } from "../src/autocapture/index.js";
import { Burst, selectorOf } from "../src/autocapture/rage_clicks.js";
import { FakeGateway } from "./support/fake_gateway.js";
import { begin, client, end, pass } from "./support/world.js";

const measured: ((metric: { name: string; value: number }) => void)[] = [];
vi.mock("web-vitals", () => {
  const observe = (callback: (typeof measured)[number]): unknown => measured.push(callback);
  return { onCLS: observe, onFCP: observe, onINP: observe, onLCP: observe, onTTFB: observe };
});

let gateway: FakeGateway;
let stop: () => void = () => undefined;

beforeEach(() => {
  begin();
  gateway = new FakeGateway();
  navigator.sendBeacon = () => true;
  history.replaceState(null, "", "/vendas?busca=maria");
  document.body.innerHTML = "";
});
afterEach(async () => {
  stop();
  await end();
});

async function captured(act: () => void | Promise<void>, options = {}): Promise<unknown[]> {
  const { mirante } = client({ pathOf: (path) => path.replace(/\/\d+/, "/{id}") });
  stop = autocapture(mirante, options);
  await act();
  await mirante.flush();
  return gateway.sent.map(({ name, properties }) => ({ name, ...(properties as object) }));
}

it("tracks pages that are seen and left, also where nothing is loaded, without what follows the path", async () => {
  const events = await captured(async () => {
    await pass(0);
    await pass(2_000);
    history.pushState(null, "", "/vendas/77?x=1");
    history.replaceState(null, "", "/vendas/77?x=2");
    await pass(1_000);
    dispatchEvent(new Event("pagehide"));
  });
  expect(events).toMatchObject([
    { name: "pagina_vista", caminho: "/vendas" },
    { name: "pagina_saida", caminho: "/vendas", duracao_ms: 2_000 },
    { name: "pagina_vista", caminho: "/vendas/{id}" },
    { name: "pagina_saida", caminho: "/vendas/{id}", duracao_ms: 1_000 },
  ]);
  expect(JSON.stringify(gateway.sent)).not.toContain("maria");
});

it("counts clicks that follow each other soon and near", () => {
  const counts = (...clicks: [x: number, y: number, at: number][]): number[] => {
    const burst = new Burst();
    return clicks.map(([x, y, at]) => burst.add({ x, y, at }));
  };
  expect(counts([0, 0, 0], [14, 15, 999], [28, 30, 1_998])).toEqual([1, 2, 3]);
  expect(counts([0, 0, 0], [15, 15, 10], [15, 15, 20])).toEqual([1, 1, 2]); // 30 px away by the streets
  expect(counts([0, 0, 0], [0, 0, 1_000])).toEqual([1, 1]);
});

it("tracks a rage click once for each burst, and none on controls that are clicked often", async () => {
  document.body.innerHTML = `
    <main id="app"><div class="lista larga"><span>João</span></div></main>
    <p data-no-rage><b></b></p><nav aria-label="Paginação"><i></i></nav>`;
  const click = (selector: string, times: number): void => {
    for (let time = 0; time < times; time++) {
      document.querySelector(selector)?.dispatchEvent(new MouseEvent("click", { bubbles: true, clientX: 5, clientY: 5 }));
    }
  };
  const events = await captured(
    () => {
      click("span", 5);
      click("b", 5);
      click("i", 5);
    },
    { pages: false },
  );
  expect(events).toEqual([
    { name: "clique_raivoso", caminho: "/vendas", elemento: "main#app > div.lista.larga > span", cliques: 3 },
  ]);
});

it("names elements without ids that may be somebody's", () => {
  document.body.innerHTML = `<ul id="clientes"><li id="cliente-4711" class="linha"><a>Ana</a></li></ul>`;
  expect(selectorOf(document.querySelector("a") ?? document.body)).toBe("ul#clientes > li.linha > a");
});

it("tracks errors, each once", async () => {
  const events = await captured(
    () => {
      for (let time = 0; time < 3; time++) {
        dispatchEvent(new ErrorEvent("error", { message: "Uncaught x", error: new TypeError("x is not a function") }));
      }
      const rejection = new Event("unhandledrejection");
      dispatchEvent(Object.assign(rejection, { reason: "timeout" }));
      dispatchEvent(new Event("error")); // a file that could not be loaded
    },
    { pages: false },
  );
  expect(events).toEqual([
    { name: "erro_frontend", tipo: "TypeError", mensagem: "x is not a function" },
    { name: "erro_frontend", tipo: "Error", mensagem: "timeout" },
  ]);
});

it("tracks web vitals until it ends", async () => {
  const events = await captured(
    () => {
      const [first] = measured.slice(-5);
      first?.({ name: "LCP", value: 1234.5 });
      stop();
      first?.({ name: "CLS", value: 0.1 });
    },
    { pages: false },
  );
  expect(events).toEqual([{ name: "web_vital", nome: "LCP", valor: 1234.5, caminho: "/vendas" }]);
});

it("tells every minute that somebody is there, as long as somebody is", async () => {
  const events = await captured(
    async () => {
      await pass(120_000);
      dispatchEvent(new Event("keydown"));
      await pass(600_000);
    },
    { pages: false, vitals: false },
  );
  // Two minutes, and the five after the last key.
  expect(events.filter((event) => (event as { name: string }).name === "presenca")).toHaveLength(6);
});
