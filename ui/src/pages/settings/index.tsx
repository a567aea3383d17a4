import { useSearch } from "@tanstack/react-router";
import { useRole } from "~/api/session";
import { Head, Tabs } from "~/ui/parts";
import { Account } from "./Account";
import { InForce } from "./InForce";
import { Pools } from "./Pools";
import { Sealed } from "./Sealed";
import { Tokens } from "./Tokens";
import { Users } from "./Users";
import "./settings.css";

const TABS = [
  ["account", "You"],
  ["tokens", "Tokens"],
  ["users", "Users"],
  ["pools", "Pools"],
  ["connections", "Connections"],
  ["secrets", "Secrets"],
  ["settings", "Settings in force"],
] as const;

type Tab = (typeof TABS)[number][0];

/** Who may enter and with what; what tasks share; what is set, and where. */
export default function Settings() {
  const search = useSearch({ strict: false });
  const role = useRole("*");
  const first: Tab = role === "admin" ? "users" : "account";
  const tab: Tab = TABS.find(([name]) => name === search.tab)?.[0] ?? first;
  return (
    <>
      <Head title="Settings" />
      <Tabs tabs={TABS} at={tab} search={(name) => ({ tab: name })} />
      {tab === "account" && <Account />}
      {tab === "tokens" && <Tokens everybody={search.whose === "all"} />}
      {tab === "users" && <Users />}
      {tab === "pools" && <Pools />}
      {tab === "connections" && <Sealed kind="connection" />}
      {tab === "secrets" && <Sealed kind="secret" />}
      {tab === "settings" && <InForce />}
    </>
  );
}
