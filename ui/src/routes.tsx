/** Every address of the page. A page is loaded when it is opened first; its filters stand in the address. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Frame } from "./pages/Frame";
import { Missing } from "./pages/Missing";
import type { Search } from "./search";
import { Trouble } from "./ui/parts";

function words(search: Record<string, unknown>): Search {
  const entries = Object.entries(search).filter(([, value]) => value != null && value !== "");
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

const root = createRootRoute({ validateSearch: words, notFoundComponent: Missing });
const frame = createRoute({ getParentRoute: () => root, id: "frame", component: Frame });
const inFrame = () => frame;

const pages = [
  createRoute({ getParentRoute: inFrame, path: "/", component: lazyRouteComponent(() => import("./pages/overview")) }),
  createRoute({ getParentRoute: inFrame, path: "/dags", component: lazyRouteComponent(() => import("./pages/dags")) }),
  createRoute({
    getParentRoute: inFrame,
    path: "/dags/$dag",
    component: lazyRouteComponent(() => import("./pages/dag")),
  }),
  createRoute({ getParentRoute: inFrame, path: "/runs", component: lazyRouteComponent(() => import("./pages/runs")) }),
  createRoute({
    getParentRoute: inFrame,
    path: "/runs/$run",
    component: lazyRouteComponent(() => import("./pages/run")),
  }),
  createRoute({
    getParentRoute: inFrame,
    path: "/attempts/$attempt",
    component: lazyRouteComponent(() => import("./pages/attempt")),
  }),
  createRoute({
    getParentRoute: inFrame,
    path: "/backfills",
    component: lazyRouteComponent(() => import("./pages/backfills")),
  }),
  createRoute({
    getParentRoute: inFrame,
    path: "/backfills/$backfill",
    component: lazyRouteComponent(() => import("./pages/backfill")),
  }),
  createRoute({
    getParentRoute: inFrame,
    path: "/missing",
    component: lazyRouteComponent(() => import("./pages/missing")),
  }),
  createRoute({
    getParentRoute: inFrame,
    path: "/alerts",
    component: lazyRouteComponent(() => import("./pages/alerts")),
  }),
  createRoute({
    getParentRoute: inFrame,
    path: "/resources",
    component: lazyRouteComponent(() => import("./pages/resources")),
  }),
  createRoute({
    getParentRoute: inFrame,
    path: "/audit",
    component: lazyRouteComponent(() => import("./pages/audit")),
  }),
  createRoute({
    getParentRoute: inFrame,
    path: "/settings",
    component: lazyRouteComponent(() => import("./pages/settings")),
  }),
] as const;

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  component: lazyRouteComponent(() => import("./pages/signin")),
});

const stressGrid = createRoute({
  getParentRoute: () => root,
  path: "/stress/grid",
  component: lazyRouteComponent(() => import("./pages/stress/Grid")),
});

const stressGraph = createRoute({
  getParentRoute: () => root,
  path: "/stress/graph",
  component: lazyRouteComponent(() => import("./pages/stress/Graph")),
});

export const router = createRouter({
  routeTree: root.addChildren([frame.addChildren([...pages]), signIn, stressGrid, stressGraph]),
  defaultPreload: "intent",
  defaultErrorComponent: ({ error, reset }) => <Trouble error={error} again={reset} />,
  scrollRestoration: true,
  // Plain words in the address, not JSON: `?state=failed`.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(Object.entries(words(search)) as [string, string][]).toString();
    return text ? `?${text}` : "";
  },
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
