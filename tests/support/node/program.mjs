// Serves commands of a test: one JSON object a line on stdin, {"do": name, ...}, and one answer a line on stdout.
import { createInterface } from "node:readline";

/** @param {Record<string, (command: any) => unknown>} commands */
export async function serve(commands) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { do: name, ...command } = JSON.parse(line);
    let answer;
    try {
      answer = { value: (await commands[name](command)) ?? null };
    } catch (error) {
      answer = { error: String(error?.stack ?? error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  process.exit(0);
}
