import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { ObjectPlan } from "~/api/schema";
import type { Change } from "./change";
import { Button, Dialog, Trouble } from "./parts";

/** Asks before something is done: what it will do, in the server's words where it has a dry run (`plan`). */
export function Confirm({
  title,
  children,
  plan,
  verb,
  danger = false,
  change,
  does,
  close,
}: {
  title: ReactNode;
  children: ReactNode;
  plan?: () => Promise<ObjectPlan | null>;
  verb: string;
  danger?: boolean;
  change: Change;
  does: () => void;
  close: () => void;
}) {
  const planned = useQuery({
    queryKey: ["dry run", String(title), verb],
    queryFn: async () => (await plan?.()) ?? null,
    enabled: !!plan,
    gcTime: 0,
    staleTime: 0,
    retry: false,
  });
  const error: unknown = change.problem ?? planned.error;
  return (
    <Dialog title={title} close={close}>
      <div className="dialog-body">
        {children}
        {planned.data?.notes.map((note) => (
          <p key={note}>{note}.</p>
        ))}
        {error != null && <Trouble error={error} />}
      </div>
      <div className="dialog-foot">
        <Button onClick={close}>Leave it</Button>
        <Button
          look={danger ? "danger" : "primary"}
          disabled={change.busy || planned.error != null || (!!plan && planned.isPending)}
          onClick={does}
        >
          {change.busy ? "…" : verb}
        </Button>
      </div>
    </Dialog>
  );
}
