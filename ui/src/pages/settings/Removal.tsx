import type { ReactNode } from "react";
import { Confirm } from "~/ui/Confirm";
import { useChange } from "~/ui/change";
import { type Proposed, planIn } from "~/ui/proposal";

/** Asks before something is taken away. */
export function Removal({
  what,
  ask,
  old,
  close,
  children,
}: {
  what: string;
  ask: Proposed;
  old: readonly string[];
  close: () => void;
  children: ReactNode;
}) {
  const change = useChange();
  const does = async () => {
    if (await change.act((key) => ask(false, key), old)) close();
  };
  return (
    <Confirm
      title={`Remove ${what}`}
      verb="Remove"
      danger
      plan={() => planIn(ask(true))}
      change={change}
      does={() => void does()}
      close={close}
    >
      {children}
    </Confirm>
  );
}
