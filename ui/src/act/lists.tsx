/** Names and reasons, as the plan and the result of an act tell them. */
import type { ReactNode } from "react";
import type { Refusal } from "~/api/schema";
import { count } from "~/ui/words";
import { byReason, sentence } from "./size";

export const SHOWN = 12;

/** What is left out, and why. */
export function Refused({ of, title = "Left out" }: { of: readonly Refusal[]; title?: string }) {
  if (!of.length) return null;
  return (
    <Part title={of.length > 1 ? `${title}: ${count(of.length)}` : title} grave>
      <ul className="act-list">
        {byReason(of).map(([why, objects]) => (
          <li key={why}>
            {sentence(why)} {objects.length > 1 || !why.includes(objects[0] ?? "") ? <Names of={objects} /> : null}
          </li>
        ))}
      </ul>
    </Part>
  );
}

export function Part({ title, grave = false, children }: { title: string; grave?: boolean; children: ReactNode }) {
  return (
    <section className={`act-part${grave ? " act-grave" : ""}`}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

export function List({ of, total }: { of: readonly string[]; total: number }) {
  if (of.length <= SHOWN) return <Names of={of} />;
  return (
    <details className="act-part">
      <summary>
        <Names of={[...of.slice(0, 3), `… and ${count(total - 3)} more`]} />
      </summary>
      <Names of={of} most={of.length} />
    </details>
  );
}

/** Names in one paragraph. */
export function Names({ of, most = SHOWN }: { of: readonly string[]; most?: number }) {
  return (
    <span className="act-names">
      {of.slice(0, most).map((name, index) => (
        <span key={name}>
          {index > 0 && ", "}
          <bdi>{name}</bdi>
        </span>
      ))}
      {of.length > most && `, and ${count(of.length - most)} more`}
    </span>
  );
}
