/** Asking the gateway, once. */
import type { RequestOf, ResponseOf, Unary } from "./methods";
import { type ApiProblem, problemOf, unreachable } from "./problem";

let whenUnknown: () => void = () => undefined;

/** Says what happens when the server does not know who asks. */
export function onUnauthenticated(listener: () => void): void {
  whenUnknown = listener;
}

/** Forms of other sites cannot send it. */
export const HEADERS = { "Content-Type": "application/json", "X-Mirante-Request": "1" } as const;

/**
 * Sends a request and returns the response.
 *
 * @throws ApiProblem when it was refused or there was no answer
 * @throws DOMException named AbortError when `signal` was aborted
 */
export async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw unreachable();
  }
  if (!response.ok) throw await refusalOf(response);
  return response;
}

async function refusalOf(response: Response): Promise<ApiProblem> {
  let document: unknown;
  try {
    document = await response.json();
  } catch {
    document = undefined;
  }
  return noted(problemOf(response.status, document));
}

/** Returns a problem that the server told of, after letting those know whom it concerns. */
export function noted(problem: ApiProblem): ApiProblem {
  // A wrong password says nothing about the session.
  if (problem.status === 401 && problem.reason !== "LOGIN_FAILED") whenUnknown();
  return problem;
}

/**
 * Calls a method of a service.
 *
 * @param method - `package.Service/Method`
 * @throws ApiProblem as `send` does
 */
export async function call<Name extends Unary>(
  method: Name,
  body: RequestOf<Name>,
  signal?: AbortSignal,
): Promise<ResponseOf<Name>> {
  const response = await send(`/api/${method}`, {
    method: "POST",
    headers: HEADERS,
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
  return (await response.json()) as ResponseOf<Name>;
}
