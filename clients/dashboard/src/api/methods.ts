/** The methods that the gateway offers, with their messages, out of its OpenAPI document. */
import type { components, paths } from "./schema";

/** A message of the contracts, for instance `Message<"LiveFrame">`. */
export type Message<Name extends keyof components["schemas"]> = components["schemas"][Name];

type Api = { [Path in keyof paths as Path extends `/api/${infer Name}` ? Name : never]: paths[Path] };

interface Answering<Type extends string> {
  post: { responses: { 200: { content: Record<Type, unknown> } } };
}

type Asked = { post: { requestBody: { content: { "application/json": unknown } } } };

type Taking<Type extends string> = {
  [Name in keyof Api]: Api[Name] extends Asked & Answering<Type> ? Name : never;
}[keyof Api];

/** A method with one answer: `package.Service/Method`. */
export type Unary = Taking<"application/json">;

/** A method that goes on answering. */
export type Streaming = Taking<"text/event-stream">;

/** What a method is asked with. */
export type RequestOf<Name extends Unary | Streaming> = Api[Name] extends {
  post: { requestBody: { content: { "application/json": infer Body } } };
}
  ? Body
  : never;

/** What a method answers, or each message of its stream. */
export type ResponseOf<Name extends Unary | Streaming> = Api[Name] extends {
  post: { responses: { 200: { content: { "application/json": infer Body } } } };
}
  ? Body
  : Api[Name] extends { post: { responses: { 200: { content: { "text/event-stream": infer Body } } } } }
    ? Body
    : never;
