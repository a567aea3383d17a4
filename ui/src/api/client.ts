import { QueryClient } from "@tanstack/react-query";
import createFetch, { type Middleware } from "openapi-fetch";
import createQueries from "openapi-react-query";
import { tellServerTime } from "~/ui/clock";
import { Problem, problemIn, problemOf } from "./problem";
import type { paths } from "./schema";

const PATIENCE = 30_000;
const SAFE = new Set(["GET", "HEAD"]);

/** What unsafe requests of this session carry; `GET /session` gives it. */
let csrf = "";
export function keepCsrf(value: string) {
  csrf = value;
}

const manners: Middleware = {
  onRequest({ request }) {
    if (!SAFE.has(request.method)) request.headers.set("X-Segue-CSRF", csrf);
    return new Request(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(PATIENCE)]) });
  },
  async onResponse({ response }) {
    const date = response.headers.get("date");
    if (date) tellServerTime(Date.parse(date));
    if (response.ok) return;
    const problem = await problemIn(response);
    // Somebody has signed in anew in another tab: the next try carries what this session wants.
    if (problem.status === 403 && problem.detail.startsWith("X-Segue-CSRF"))
      void queries.invalidateQueries({ queryKey: ["get", "/api/v1/session"] });
    throw problem;
  },
};

/** Asks the server; what is no success is thrown as a `Problem`. */
export const api = createFetch<paths>({ baseUrl: location.origin });
api.use(manners);

/** Hooks for React: `$api.useQuery("get", "/api/v1/runs", { params: … })`. Their keys are what `live/` invalidates. */
export const $api = createQueries(api);

export const queries = new QueryClient({
  defaultOptions: {
    // A browser that knows no network still reaches a server on its own machine.
    queries: {
      networkMode: "always",
      staleTime: 5_000,
      gcTime: 120_000,
      refetchOnWindowFocus: true,
      retry: (count, error) => count < 2 && [0, 502, 503, 504].includes(problemOf(error).status),
      retryDelay: (count) => 500 * 2 ** count,
      throwOnError: false,
    },
    mutations: { networkMode: "always", retry: false },
  },
});

export { Problem, problemOf };
