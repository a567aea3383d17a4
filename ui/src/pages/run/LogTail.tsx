import { Link } from "@tanstack/react-router";
import { $api } from "~/api/client";
import type { LogLine } from "~/api/schema";
import { Answer } from "~/ui/parts";
import { Spans, sortOf } from "../attempt/LogRows";
import { rowsOf } from "../attempt/paper";
import "../attempt/log.css";

/** The last lines of an attempt's log. */
export function LogTail({ attempt, lines = 12, live = false }: { attempt: string; lines?: number; live?: boolean }) {
  const asked = $api.useQuery(
    "get",
    "/api/v1/attempts/{attempt}/log",
    { params: { path: { attempt: Number(attempt) }, query: { tail: true, limit: lines } } },
    { refetchInterval: (query) => (live || query.state.data?.live ? 1_000 : false) },
  );
  return (
    <div className="run-tail">
      <Answer of={asked} lines={3}>
        {(page) =>
          page.lines.length === 0 ? (
            <p className="muted">No line has been written{page.live ? " yet" : ""}.</p>
          ) : (
            // biome-ignore lint/a11y/useSemanticElements: a stretch that scrolls must be reachable by the keyboard
            <div
              className="log-tail"
              role="group"
              aria-label="the last lines of the log"
              // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
              tabIndex={0}
            >
              <div>
                {page.lines.map((line) => (
                  <Line key={line.offset} of={line} />
                ))}
              </div>
            </div>
          )
        }
      </Answer>
      <Link to="/attempts/$attempt" params={{ attempt }} className="link">
        the whole log
      </Link>
    </div>
  );
}

function Line({ of }: { of: LogLine }) {
  return rowsOf(of, 0).map((row, n) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: rows of a line have no other name
    <div key={n} className={`log-row ${sortOf(of)}`}>
      <bdi className="log-text">
        <Spans of={row.spans} />
        {(row.rest > 0 || of.cut) && <em> … longer</em>}
      </bdi>
    </div>
  ));
}
