import { useEffect, useMemo, useState } from "react";

/** A value when it has not changed for a while; at once where it is the first. */
export function useSettled<T>(value: T, milliseconds: number): { value: T; changing: boolean } {
  const text = JSON.stringify(value);
  const [settled, settle] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => settle(text), milliseconds);
    return () => clearTimeout(timer);
  }, [text, milliseconds]);
  return { value: useMemo(() => JSON.parse(settled) as T, [settled]), changing: settled !== text };
}
