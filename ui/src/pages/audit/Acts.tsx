import { keepPreviousData } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fragment, useState } from "react";
import { $api } from "~/api/client";
import { itemsOf, PAGED } from "~/api/paging";
import type { AuditItem } from "~/api/schema";
import { DagField } from "~/ui/DagField";
import { NextPage } from "~/ui/NextPage";
import { Answer, Button, Empty, Panel, Time } from "~/ui/parts";
import { Mark } from "~/ui/State";
import { label, plain } from "~/ui/words";
import { ACTS, backfillOf, moved, wordsOf } from "./acts";
import { OkFilter, okOf, TextFilter } from "./TextFilter";

type Filters = Record<string, string | undefined>;
type Item = Omit<AuditItem, "what"> & { what?: readonly (readonly string[])[] };

const NAMES = ["dag", "actor", "act", "run", "ok", "since", "until"] as const;

export function Acts({ search, change }: { search: Filters; change: (filters: Filters) => void }) {
  const asked = $api.useInfiniteQuery(
    "get",
    "/api/v1/audit",
    {
      params: {
        query: {
          dag: search.dag || undefined,
          actor: search.actor || undefined,
          act: search.act ? search.act.split(",") : undefined,
          run: search.run || undefined,
          ok: okOf(search.ok),
          since: search.since || undefined,
          until: search.until || undefined,
          limit: 50,
        },
      },
    },
    { ...PAGED, placeholderData: keepPreviousData },
  );
  const filtered = NAMES.some((name) => search[name]);
  return (
    <>
      <div className="filters audit-filters">
        <DagField value={search.dag ?? ""} label="DAG" change={(dag) => change({ dag: dag || undefined })} />
        <TextFilter name="run" value={search.run} change={(run) => change({ run })} />
        <TextFilter name="who" value={search.actor} change={(actor) => change({ actor })} />
        <select
          aria-label="act"
          value={search.act ?? ""}
          onChange={(event) => change({ act: event.target.value || undefined })}
        >
          <option value="">every act</option>
          {ACTS.map(([name, words]) => (
            <option key={name} value={name}>
              {words}
            </option>
          ))}
        </select>
        <OkFilter value={search.ok} change={(ok) => change({ ok })} />
        <TextFilter name="since" hint="2h, 2026-11-01" value={search.since} change={(since) => change({ since })} />
        <TextFilter name="until" hint="2h, 2026-11-01" value={search.until} change={(until) => change({ until })} />
        {filtered && (
          <Button look="quiet" onClick={() => change(Object.fromEntries(NAMES.map((name) => [name, undefined])))}>
            No filter
          </Button>
        )}
      </div>
      <Panel>
        <Answer of={asked} lines={6}>
          {(data) => {
            const items = itemsOf(data.pages);
            if (!items.length)
              return <Empty>{filtered ? "Nothing fits these filters." : "Nobody has asked for anything yet."}</Empty>;
            return (
              <>
                <Table items={items} change={change} />
                <NextPage of={asked}>Older ones</NextPage>
              </>
            );
          }}
        </Answer>
      </Panel>
    </>
  );
}

function Table({ items, change }: { items: readonly Item[]; change: (filters: Filters) => void }) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const toggle = (id: string) => {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    setOpen(next);
  };
  return (
    <div className="scroll">
      <table className="audit-table">
        <thead>
          <tr>
            <th>
              <span className="sr">more</span>
            </th>
            <th>When (UTC)</th>
            <th>Who</th>
            <th>What</th>
            <th>Of what</th>
            <th>Answer</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <Fragment key={item.id}>
              <tr className={item.ok ? "" : "audit-refused"}>
                <td>
                  <Button
                    look="quiet"
                    className="audit-more"
                    aria-expanded={open.has(item.id)}
                    aria-label={`more of ${item.id}`}
                    onClick={() => toggle(item.id)}
                  >
                    {open.has(item.id) ? "▾" : "▸"}
                  </Button>
                </td>
                <td className="audit-when">
                  <Time at={item.at} precision="second" />
                </td>
                <td>
                  <Button look="quiet" className="audit-who" onClick={() => change({ actor: item.actor })}>
                    <bdi>{item.actor || "–"}</bdi>
                  </Button>
                </td>
                <td className="audit-act">{wordsOf(item.act)}</td>
                <td className="audit-what">
                  <Target item={item} />
                </td>
                <td className="wide">
                  <Mark state={item.ok ? "success" : "failed"} size={12} />{" "}
                  <span className="audit-answer">{item.answer}</span>
                  {moved(item.old, item.new) && <div>{moved(item.old, item.new)}</div>}
                  {item.reason && <div className="muted">“{item.reason}”</div>}
                </td>
              </tr>
              {open.has(item.id) && (
                <tr className="audit-whole">
                  <td />
                  <td colSpan={5}>
                    <Whole item={item} />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Target({ item }: { item: Item }) {
  if (item.run_id)
    return (
      <Link to="/runs/$run" params={{ run: item.run_id }} className="link">
        <bdi>{item.run_id}</bdi>
        {item.task && <> {label(item.task, null)}</>}
      </Link>
    );
  const backfill = backfillOf(item.target ?? "");
  if (backfill)
    return (
      <Link to="/backfills/$backfill" params={{ backfill }} className="link">
        {item.target}
      </Link>
    );
  if (item.dag_id)
    return (
      <Link to="/dags/$dag" params={{ dag: item.dag_id }} className="link">
        <bdi>{item.target || item.dag_id}</bdi>
      </Link>
    );
  return <bdi>{item.target}</bdi>;
}

function Whole({ item }: { item: Item }) {
  const rows: (readonly [string, string | undefined])[] = [
    ["act", item.act],
    ["target", item.target],
    ["task", item.task],
    ["before", item.old],
    ["after", item.new],
    ["reason", item.reason],
    ...(item.what ?? []).map(([name = "", value = ""]) => [plain(name), value] as const),
    ["answer", item.answer],
    ["request", item.request_id],
    ["part of the request", item.parent],
  ];
  return (
    <dl className="audit-facts">
      {rows
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
