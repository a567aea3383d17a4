import type { ParamValue } from "~/api/schema";

/** The value of a param; of a secret one only that it is one. */
export function Value({ of }: { of: ParamValue }) {
  if (of.secret) return <span className="muted">•••••• secret</span>;
  return (
    <>
      <code>
        <bdi>{typeof of.value === "string" ? `"${of.value}"` : JSON.stringify(of.value)}</bdi>
      </code>{" "}
      {of.default && <span className="tag">default</span>}
    </>
  );
}
