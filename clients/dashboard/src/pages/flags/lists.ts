/** Lists and messages with one element changed; pure. */

/** Returns the list with another element at a place. */
export function replaced<Item>(list: readonly Item[], at: number, item: Item): Item[] {
  return list.map((each, index) => (index === at ? item : each));
}

/** Returns the list without the element at a place. */
export function without<Item>(list: readonly Item[], at: number): Item[] {
  return list.filter((_, index) => index !== at);
}

/** Returns the list with an element at another place; unchanged when there is no such place. */
export function moved<Item>(list: readonly Item[], from: number, to: number): Item[] {
  if (to < 0 || to >= list.length) return [...list];
  const rest = without(list, from);
  return [...rest.slice(0, to), ...list.slice(from, from + 1), ...rest.slice(to)];
}

/** Returns a message without one of its members. */
export function withoutMember<Body extends object, Name extends keyof Body>(body: Body, name: Name): Omit<Body, Name> {
  const next = { ...body };
  Reflect.deleteProperty(next, name);
  return next;
}
