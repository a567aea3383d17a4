import { useEffect, useId, useRef, useState } from "react";

type Words = Record<string, string | undefined>;

const PAUSE = 250;

/** A field whose word reaches the address when somebody stops typing. */
export function Typed({
  name,
  label,
  words,
  change,
  known = [],
}: {
  name: string;
  label: string;
  words: Words;
  change: (words: Words) => void;
  known?: readonly string[];
}) {
  const list = useId();
  const there = words[name] ?? "";
  const [text, setText] = useState(there);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const sent = useRef(there); // what comes back from here is no news: more may have been typed since
  useEffect(() => {
    if (there !== sent.current) setText(there);
    sent.current = there;
  }, [there]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <>
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        value={text}
        list={list}
        maxLength={200}
        onChange={(event) => {
          const typed = event.target.value;
          setText(typed);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => {
            sent.current = typed.trim();
            change({ [name]: sent.current || undefined });
          }, PAUSE);
        }}
      />
      <datalist id={list}>
        {known.map((word) => (
          <option key={word} value={word} />
        ))}
      </datalist>
    </>
  );
}
