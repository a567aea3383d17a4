import type { ReactNode } from "react";
import { reaches, useRole } from "~/api/session";
import { Empty, Panel } from "~/ui/parts";
import type { Role } from "~/ui/state";

/** What needs a role on everything; whoever has it not is told so, in a sentence. */
export function Barred({ needs, what, children }: { needs: Role; what: string; children: ReactNode }) {
  const role = useRole("*");
  if (reaches(role, needs)) return children;
  return (
    <Panel>
      <Empty>
        {what} {what.endsWith("s") ? "are" : "is"} shown to the role {needs} on everything;{" "}
        {role ? `yours is ${role}.` : "you have none on everything."}
      </Empty>
    </Panel>
  );
}
