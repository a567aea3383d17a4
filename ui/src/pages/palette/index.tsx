import { keepPreviousData } from "@tanstack/react-query";
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { Command } from "cmdk";
import { type ReactNode, useLayoutEffect, useRef, useState } from "react";
import { ask } from "~/act/asking";
import { $api } from "~/api/client";
import { reaches, useRole } from "~/api/session";
import { setTheme } from "~/ui/colors";
import { useKeysHere } from "~/ui/keys";
import { Dialog } from "~/ui/parts";
import { useSignOut } from "../leaving";
import { PLACES } from "../places";
import { recent } from "../recent";
import { type Doing, type Entry, fits, offered, sought } from "./entries";
import "./palette.css";

/** Jump to any DAG, run, page or action. Keyboard alone will do. */
export function Palette({ close, keys }: { close: () => void; keys: () => void }) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState("");
  const [before] = useState(recent);
  const here = useRouterState({ select: (state) => state.location.pathname });
  const may = reaches(useRole(), "operator");
  const wanted = sought(text);
  const asked = $api.useQuery(
    "get",
    "/api/v1/dags",
    { params: { query: { text: wanted, limit: 50, runs: 0 } } },
    { placeholderData: keepPreviousData },
  );
  const found = asked.data?.items ?? [];
  // Until the answer to what is typed has come, only what surely fits: Enter must not open what stood there before.
  const dags = asked.isPlaceholderData ? found.filter((dag) => fits(dag.dag_id, wanted)) : found;
  const groups = offered({ text, dags, here, recent: before, may });
  const doIt = useDoing(keys);
  const all = groups.flatMap((group) => group.entries.map((entry) => entry.id));
  const value = all.includes(chosen) ? chosen : (all[0] ?? ""); // answers come after the letters: something is always chosen
  return (
    <Veil close={close} label="Find">
      <Command label="Find" shouldFilter={false} loop className="palette" value={value} onValueChange={setChosen}>
        <Command.Input
          value={text}
          onValueChange={(typed) => {
            setText(typed);
            setChosen("");
          }}
          placeholder="A DAG, a run like orders@2026-11-03, a page, or trigger orders"
        />
        <Command.List label="found">
          <Command.Empty>{asked.isFetching ? "Looking…" : `Nothing is called “${text}” here.`}</Command.Empty>
          {groups.map((group) => (
            <Command.Group key={group.title} heading={group.title}>
              {group.entries.map((entry) => (
                <Line
                  key={entry.id}
                  entry={entry}
                  choose={() => {
                    close();
                    doIt(entry.does);
                  }}
                />
              ))}
            </Command.Group>
          ))}
        </Command.List>
        <div className="palette-foot">
          <kbd>↑</kbd> <kbd>↓</kbd> choose · <kbd>Enter</kbd> go · <kbd>Esc</kbd> close · <kbd>?</kbd> outside of it:
          all keys
        </div>
      </Command>
    </Veil>
  );
}

function Line({ entry, choose }: { entry: Entry; choose: () => void }) {
  return (
    <Command.Item value={entry.id} onSelect={choose}>
      <bdi>{entry.title}</bdi>
      {entry.note && <small>{entry.note}</small>}
    </Command.Item>
  );
}

/** What choosing an entry does. */
function useDoing(keys: () => void): (does: Doing) => void {
  const navigate = useNavigate();
  const signOut = useSignOut();
  return (does) => {
    if ("go" in does) void navigate({ href: does.go });
    else if ("act" in does) ask(does.act);
    else if ("theme" in does) setTheme(does.theme);
    else if ("sign" in does) void signOut();
    else keys();
  };
}

/** A dialog without a head: its field has the focus at once, and a click beside it closes it. */
function Veil({ close, label, children }: { close: () => void; label: string; children: ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null);
  // While it is still in the page: a dialog that has left it gives the focus back to nobody.
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    dialog?.querySelector("input")?.focus();
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it
    <dialog
      ref={ref}
      className="veil"
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClick={(event) => event.target === ref.current && close()}
    >
      {children}
    </dialog>
  );
}

/** All keys: everywhere, and of what is shown. */
export function Keys({ close }: { close: () => void }) {
  const lines = useKeysHere();
  const everywhere = [
    ["Ctrl K", "find a DAG, a run, a page, an action"],
    ["?", "these keys"],
    ["Tab", "from one thing to the next; arrows within a grid"],
    ["Esc", "close what is open"],
    ...PLACES.map(({ key, title }) => [`g ${key}`, title]),
  ] as const;
  return (
    <Dialog title="Keys" close={close}>
      <div className="dialog-body keys">
        {lines.length > 0 && <List title="On this page" lines={lines} />}
        <List title="Everywhere" lines={everywhere} />
      </div>
    </Dialog>
  );
}

function List({ title, lines }: { title: string; lines: readonly (readonly string[])[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {lines.map(([keys = "", does]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
