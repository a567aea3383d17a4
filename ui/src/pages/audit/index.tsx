import { useNavigate, useSearch } from "@tanstack/react-router";
import type { Search } from "~/search";
import { Head, Tabs } from "~/ui/parts";
import { Access } from "./Access";
import { Acts } from "./Acts";
import "./audit.css";

const TABS = [
  ["acts", "What was done"],
  ["access", "Who came in"],
] as const;

/** Who has asked for what, and what came of it; who may enter, and who was turned away. */
export default function Audit() {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const tab = search.tab === "access" ? "access" : "acts";
  const change = (filters: Record<string, string | undefined>) =>
    void navigate({ to: "/audit", search: (before: Search) => ({ ...before, ...filters }), replace: true } as never);
  return (
    <>
      <Head title="Audit" note="Nothing here is ever changed or taken away by hand." />
      <Tabs tabs={TABS} at={tab} search={(name) => (name === "acts" ? {} : { tab: name })} />
      {tab === "acts" ? <Acts search={search} change={change} /> : <Access search={search} change={change} />}
    </>
  );
}
