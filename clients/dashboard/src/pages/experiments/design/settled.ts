import { useEffect, useState } from "react";

/** Returns a value once it has stayed the same for so long: what is typed is not asked about letter by letter. */
export function useSettled<Value>(value: Value, forMs: number): Value {
  const [settled, setSettled] = useState(value);
  const key = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(JSON.parse(key) as Value), forMs);
    return () => clearTimeout(timer);
  }, [key, forMs]);
  return settled;
}
