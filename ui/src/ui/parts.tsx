/** The small parts of every page. */
import { Link } from "@tanstack/react-router";
import { type ButtonHTMLAttributes, type ReactNode, useId, useLayoutEffect, useRef, useState } from "react";
import { type Problem, problemOf } from "~/api/problem";
import { useNow } from "~/live/hooks";
import { copyText } from "./copy";
import { ago, moment, type Precision } from "./time";
import { length } from "./words";

type ButtonLook = "plain" | "primary" | "danger" | "quiet";

export function Button({
  look = "plain",
  className = "",
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { look?: ButtonLook }) {
  return <button type="button" {...rest} className={`button ${look} ${className}`} />;
}

/** An instant in a zone; the whole of it, and how long ago, where the pointer rests. */
export function Time({
  at,
  zone = "UTC",
  precision = "minute",
}: {
  at: string | null | undefined;
  zone?: string;
  precision?: Precision;
}) {
  if (!at) return <span className="none">–</span>;
  return (
    <time dateTime={at} title={`${moment(at, zone, "second")} · ${at}`}>
      {moment(at, zone, precision)}
    </time>
  );
}

/** `4 min ago`, kept true. */
export function Ago({ at, zone = "UTC" }: { at: string | null | undefined; zone?: string }) {
  const now = useNow(10_000);
  if (!at) return <span className="none">–</span>;
  return (
    <time dateTime={at} title={moment(at, zone, "second")}>
      {ago(at, now)}
    </time>
  );
}

/** How long something took, or has taken so far. */
export function Lasting({
  start,
  end,
  seconds,
}: {
  start?: string | null;
  end?: string | null;
  seconds?: number | null;
}) {
  const going = !!start && !end;
  const now = useNow(going ? 1_000 : 0);
  const shown = going ? (now - Date.parse(start)) / 1000 : seconds;
  return <span className={`number${going ? " going" : ""}`}>{length(shown)}</span>;
}

/** Why something waits, failed or is late: a sentence that is always shown, never only on hover. */
export function Why({ children, state }: { children: ReactNode; state?: string }) {
  if (!children) return null;
  return <p className={`why ${state ?? ""}`}>{children}</p>;
}

/** A page's head: where one is, what it is, what one can do. */
export function Head({
  title,
  mark,
  crumbs,
  children,
  note,
}: {
  title: ReactNode;
  mark?: ReactNode;
  crumbs?: ReactNode;
  children?: ReactNode;
  note?: ReactNode;
}) {
  return (
    <header className="head">
      {crumbs && (
        <nav className="crumbs" aria-label="where you are">
          {crumbs}
        </nav>
      )}
      <div className="headline">
        {mark}
        <h1>
          <bdi>{title}</bdi>
        </h1>
        <div className="acts">{children}</div>
      </div>
      {note && <div className="note">{note}</div>}
    </header>
  );
}

export function Panel({
  title,
  aside,
  children,
  className = "",
}: {
  title?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  const id = useId();
  return (
    <section className={`panel ${className}`} aria-labelledby={title ? id : undefined}>
      {(title || aside) && (
        <div className="panel-head">
          {title && <h2 id={id}>{title}</h2>}
          {aside && <div className="aside">{aside}</div>}
        </div>
      )}
      {children}
    </section>
  );
}

/** Tabs are links: a tab has an address. */
export function Tabs<T extends string>({
  tabs,
  at,
  search,
}: {
  tabs: readonly (readonly [T, ReactNode])[];
  at: T;
  search: (tab: T) => Record<string, unknown>;
}) {
  return (
    <nav className="tabs" aria-label="views">
      {tabs.map(([tab, title]) => (
        <Link
          key={tab}
          to="."
          search={search(tab) as never}
          replace
          className={tab === at ? "here" : ""}
          aria-current={tab === at ? "page" : undefined}
        >
          {title}
        </Link>
      ))}
    </nav>
  );
}

/** What stands where nothing is: said as a sentence, with what to do. */
export function Empty({ children }: { children: ReactNode }) {
  return <p className="empty">{children}</p>;
}

export function Trouble({ error, again }: { error: unknown; again?: () => void }) {
  const problem: Problem = problemOf(error);
  return (
    <div className="trouble" role="alert">
      <strong>{problem.title}</strong>
      <p>{problem.detail}</p>
      {again && <Button onClick={again}>Try again</Button>}
    </div>
  );
}

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

/** What has been asked for: its shape while it comes, what went wrong, or the thing. Old data outlives a failure. */
export function Answer<T>({
  of,
  children,
  lines = 4,
}: {
  of: Asked<T>;
  children: (data: T) => ReactNode;
  lines?: number;
}) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error) return <Trouble error={of.error} again={() => void of.refetch()} />;
  return (
    <div className="skeleton" role="status" aria-label="loading">
      {["a", "b", "c", "d", "e", "f"].slice(0, lines).map((key) => (
        <span key={key} />
      ))}
    </div>
  );
}

/** Text to take along: a command, a token, an address. */
export function Copy({ text, label = "copy", shown = true }: { text: string; label?: string; shown?: boolean }) {
  const [done, setDone] = useState(false);
  return (
    <span className="copy">
      {shown && <code>{text}</code>}
      <Button
        look="quiet"
        aria-label={`${label}: ${text.slice(0, 80)}`}
        onClick={() => {
          void copyText(text).then(() => {
            setDone(true);
            setTimeout(() => setDone(false), 1_500);
          });
        }}
      >
        {done ? "copied" : label}
      </Button>
    </span>
  );
}

/** A dialog that holds focus, closes on Escape, and gives focus back. */
export function Dialog({
  title,
  close,
  children,
  wide = false,
}: {
  title: ReactNode;
  close: () => void;
  children: ReactNode;
  wide?: boolean;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  // While it is still in the page: a dialog that has left it gives the focus back to nobody.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      className={wide ? "wide" : ""}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <div className="dialog-head">
        <h2 id={id}>{title}</h2>
        <Button look="quiet" aria-label="close" onClick={close}>
          ✕
        </Button>
      </div>
      {children}
    </dialog>
  );
}

/** A labelled field of a form. */
export function Field({
  label,
  hint,
  error,
  children,
}: {
  label: ReactNode;
  hint?: ReactNode;
  error?: ReactNode;
  children: (id: string) => ReactNode;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
      {hint && <small className="hint">{hint}</small>}
      {error && (
        <small className="wrong" role="alert">
          {error}
        </small>
      )}
    </div>
  );
}
