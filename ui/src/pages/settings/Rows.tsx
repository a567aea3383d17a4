import type { ReactNode } from "react";

/** A table whose rows end with what can be done to each; `acts` names that column for who cannot see it. */
export function Rows({ heads, acts, children }: { heads: readonly string[]; acts: string; children: ReactNode }) {
  return (
    <div className="scroll">
      <table className="settings-rows">
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head}>{head}</th>
            ))}
            <th>
              <span className="sr">{acts}</span>
            </th>
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
