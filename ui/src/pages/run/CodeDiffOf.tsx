import type { CodeDiff, FileDiff } from "~/api/schema";
import { count, length } from "~/ui/words";
import "./diff.css";

const FEW = 4; // files that are opened by themselves

/** A diff as the client gives it: pairs come as plain lists. */
export type Differences = Pick<CodeDiff, "old" | "new" | "files" | "code_kept"> & {
  readonly tasks: readonly (readonly string[])[];
  readonly params: readonly (readonly string[])[];
  readonly durations: readonly (readonly (string | number)[])[];
  readonly rows: readonly (readonly (string | number)[])[];
};

/** What lies between two versions or runs: tasks, params, code, and how long and how much. */
export function CodeDiffOf({ diff }: { diff: Differences }) {
  const same = !diff.files.length && !diff.tasks.length && !diff.params.length;
  return (
    <div className="diff">
      <p className="muted">
        <bdi>{diff.old}</bdi> → <bdi>{diff.new}</bdi>
        {same && (diff.code_kept ? ": code, tasks and params are the same." : ": tasks and params are the same.")}
      </p>
      {!diff.code_kept && <p className="why">The code of one side is not kept any more.</p>}
      {diff.tasks.length > 0 && (
        <Pairs title="Tasks" heads={["task", "what"]} rows={diff.tasks.map(([task = "", what = ""]) => [task, what])} />
      )}
      {diff.params.length > 0 && (
        <Pairs title="Params" heads={["param", "before", "now"]} rows={diff.params.map((row) => row.map(String))} />
      )}
      {diff.durations.length > 0 && (
        <Pairs
          title="How long tasks took"
          heads={["task", "before", "now", "change"]}
          rows={diff.durations.map(([task, old, now]) => [
            String(task),
            length(Number(old) / 1e6),
            length(Number(now) / 1e6),
            change(Number(old), Number(now)),
          ])}
        />
      )}
      {diff.rows.length > 0 && (
        <Pairs
          title="How many rows they told of"
          heads={["task", "before", "now", "change"]}
          rows={diff.rows.map(([task, old, now]) => [
            String(task),
            count(Number(old)),
            count(Number(now)),
            change(Number(old), Number(now)),
          ])}
        />
      )}
      {diff.files.map((file) => (
        <File key={file.file} of={file} open={diff.files.length <= FEW} />
      ))}
    </div>
  );
}

/** `+40 %`, `× 3.2`; what began with nothing has no share. */
export function change(old: number, now: number): string {
  if (old === now) return "the same";
  if (old <= 0) return "–";
  const times = now / old;
  if (times >= 3) return `× ${times < 10 ? times.toFixed(1) : count(times)}`;
  return `${times > 1 ? "+" : "−"}${Math.abs((times - 1) * 100).toFixed(0)} %`;
}

function Pairs({ title, heads, rows }: { title: string; heads: string[]; rows: string[][] }) {
  return (
    <section>
      <h3>{title}</h3>
      <div className="scroll">
        <table className="diff-table">
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row[0]}>
                {row.map((cell, n) => (
                  <td key={heads[n]}>
                    <bdi>{cell}</bdi>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const SIGNS: Record<string, string> = { "+": "added", "-": "removed", "@": "place" };

function File({ of, open }: { of: FileDiff; open: boolean }) {
  return (
    <details open={open} className="diff-file">
      <summary>
        <bdi>{of.file}</bdi> <span className="tag">{of.change}</span>
      </summary>
      {of.lines.length === 0 ? (
        <p className="why">It is no text, or too long to be compared line by line.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
        <pre tabIndex={0}>
          {of.lines.slice(of.lines[0]?.startsWith("--- ") ? 2 : 0).map((line, n) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines of a diff have no other name
            <div key={n} className={SIGNS[line[0] ?? ""]}>
              {line || " "}
            </div>
          ))}
        </pre>
      )}
    </details>
  );
}
