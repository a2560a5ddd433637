import { expect, test } from "vitest";
import type { Message } from "../../api/methods";
import { sumOf } from "./decimals";
import { afterFrame, entriesOf, seriesKey } from "./state";

function metric(name: string, value: string, currency = "", series?: Message<"MinuteSeries">): Message<"LiveMetric"> {
  return {
    metric: name,
    currency,
    value,
    aggregation: "AGGREGATION_SUM",
    numerator: "0",
    denominator: "0",
    ...(series === undefined ? {} : { series }),
  };
}

function frame(...metrics: Message<"LiveMetric">[]): Message<"LiveFrame"> {
  return { environment: "production", tenant: "a", origin: "1", sequence: "1", catchingUp: false, metrics };
}

test("frames bring their series together, each currency by itself", () => {
  const series = (minute: number, value: string) => ({ startTime: `2025-11-25T12:0${minute}:00Z`, values: [value] });
  const first = afterFrame(undefined, frame(metric("r", "1", "BRL", series(0, "1")), metric("r", "2", "USD", series(0, "2"))));
  const next = afterFrame(first, frame(metric("r", "3", "BRL", series(1, "3")), metric("r", "2", "USD")));
  expect(next.series.get(seriesKey("r", "BRL"))?.values).toEqual([1, 3]);
  expect(next.series.get(seriesKey("r", "USD"))?.values).toEqual([2]);
  expect(first.series.get(seriesKey("r", "BRL"))?.values).toEqual([1]);
});

test("the entries of money come with the largest first", () => {
  const entries = entriesOf(frame(metric("r", "9.50", "USD"), metric("v", "1"), metric("r", "100.00", "BRL")), "r");
  expect(entries.map((each) => each.currency)).toEqual(["BRL", "USD"]);
});

test("sums of money are exact", () => {
  expect(sumOf(["0.1", "0.2", "", "90071992547409931"])).toBe("90071992547409931.3");
  expect(sumOf(["-1.05", "1"])).toBe("-0.05");
  expect(sumOf(["-0.25", "0.25"])).toBe("0.00");
  expect(sumOf([])).toBe("0");
});
