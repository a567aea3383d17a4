import { useNavigate, useSearch } from "@tanstack/react-router";
import type { Search } from "~/search";
import { Head, Tabs } from "~/ui/parts";
import { Channels } from "./Channels";
import { List } from "./List";
import { Silences } from "./Silences";
import "./alerts.css";

const TABS = [
  ["alerts", "Alerts"],
  ["silences", "Silences"],
  ["channels", "Channels"],
] as const;

type Tab = (typeof TABS)[number][0];

/** What people were told without having asked, what is silenced, and whether letters arrive. */
export default function Alerts() {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const tab: Tab = TABS.find(([name]) => name === search.tab)?.[0] ?? "alerts";
  const change = (filters: Record<string, string | undefined>) =>
    void navigate({ to: "/alerts", search: (before: Search) => ({ ...before, ...filters }), replace: true } as never);
  return (
    <>
      <Head
        title="Alerts"
        note="What was told to people without their asking: once for each cause, with what follows from it."
      />
      <Tabs tabs={TABS} at={tab} search={(name) => (name === "alerts" ? {} : { tab: name })} />
      {tab === "alerts" && <List search={search} change={change} />}
      {tab === "silences" && <Silences select={search.select ?? ""} />}
      {tab === "channels" && <Channels />}
    </>
  );
}
