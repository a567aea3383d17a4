import { useSyncExternalStore } from "react";
import { reaches, useRole } from "~/api/session";
import { Button, Dialog } from "~/ui/parts";
import type { Role } from "~/ui/state";
import type { Act } from "./act";
import { ask, asked, subscribe } from "./asking";

/** A button of an act; who may not, sees it and is told why it does not work. `dag`: what the role is needed on. */
export function ActButton({
  act,
  dag,
  needs = "operator",
  look,
  children,
}: {
  act: Act;
  dag?: string;
  needs?: Role;
  look?: "plain" | "primary" | "danger" | "quiet";
  children: React.ReactNode;
}) {
  const role = useRole(dag);
  const may = reaches(role, needs);
  return (
    <Button
      look={look}
      disabled={!may}
      title={may ? undefined : `it needs the role ${needs}; yours here is ${role ?? "none"}`}
      onClick={() => ask(act)}
    >
      {children}
    </Button>
  );
}

/** Where the dialog of an act appears; the frame of the page holds one. */
export function Acting() {
  const act = useSyncExternalStore(subscribe, asked);
  if (!act) return null;
  return (
    <Dialog title={act.act} close={() => ask(null)}>
      not built yet
    </Dialog>
  );
}
