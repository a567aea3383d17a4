import { lazy, Suspense, useSyncExternalStore } from "react";
import { reaches, useRole } from "~/api/session";
import { Button } from "~/ui/parts";
import type { Role } from "~/ui/state";
import type { Act } from "./act";
import { ask, asked, subscribe } from "./asking";
import "./act.css";

const Deed = lazy(() => import("./Deed").then((module) => ({ default: module.Deed })));

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
  // Not `disabled`: what cannot have the focus cannot say why it does not work.
  return (
    <Button
      look={look}
      aria-disabled={may ? undefined : true}
      title={may ? undefined : `it needs the role ${needs}; yours here is ${role ?? "none"}`}
      onClick={() => may && ask(act)}
    >
      {children}
    </Button>
  );
}

/** The dialog of an act. */
export function ActDialog({ act, leave }: { act: Act; leave: () => void }) {
  return (
    <Suspense>
      <Deed key={JSON.stringify(act)} act={act} leave={leave} />
    </Suspense>
  );
}

/** Where the dialog of what a button asks appears; the frame of the page holds one. */
export function Acting() {
  const act = useSyncExternalStore(subscribe, asked);
  return act && <ActDialog act={act} leave={() => ask(null)} />;
}
