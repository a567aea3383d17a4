import type { Preview } from "~/api/schema";
import { bytes, count, label, many } from "~/ui/words";
import "./preview.css";

/** A preview as the client gives it: pairs come as plain lists. */
export type Made = Omit<Preview, "columns"> & { readonly columns: readonly (readonly string[])[] };

/** What a task made: its kind, its size, its first rows; never more than the server shows. */
export function PreviewOf({ of, name = true }: { of: Made; name?: boolean }) {
  const facts = [
    of.kind,
    of.items != null && many(of.items, "item"),
    of.size != null && bytes(of.size),
    of.digest && `digest ${of.digest.slice(0, 12)}`,
  ].filter(Boolean);
  return (
    <section className="preview">
      <p className="preview-head">
        {name && <bdi className="preview-name">{label(of.task_id, of.map_index)}</bdi>}
        <small title={of.digest}>{facts.join(" · ")}</small>
      </p>
      {of.columns.length > 0 ? (
        <Head of={of} />
      ) : (
        of.text && (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
          <pre className="preview-text" tabIndex={0}>
            {of.text}
          </pre>
        )
      )}
    </section>
  );
}

function Head({ of }: { of: Made }) {
  const left = (of.items ?? 0) - of.head.length;
  return (
    <div className="scroll">
      <table className="preview-table">
        <thead>
          <tr>
            {of.columns.map(([name, kind]) => (
              <th key={name} scope="col">
                <bdi>{name}</bdi> <small>{kind}</small>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {of.head.map((row, n) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the first rows have no other name
            <tr key={n}>
              {row.map((cell, column) => (
                <td key={of.columns[column]?.[0] ?? column}>
                  <bdi>{cell}</bdi>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {(left > 0 || of.columns_left_out > 0) && (
        <small className="preview-rest">
          {[left > 0 && `${count(left)} more rows`, of.columns_left_out > 0 && many(of.columns_left_out, "more column")]
            .filter(Boolean)
            .join(", ")}
        </small>
      )}
    </div>
  );
}
