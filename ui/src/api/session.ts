/** Who is signed in here, and what they may do. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { ROLES, type Role } from "~/ui/state";
import { $api, keepCsrf } from "./client";
import { problemOf } from "./problem";

/** The session; `user` is undefined until it is known, and null for nobody. */
export function useSession() {
  const asked = $api.useQuery("get", "/api/v1/session", {}, { staleTime: 60_000, retry: false });
  const error: unknown = asked.error;
  const away = error != null && problemOf(error).status === 401;
  if (asked.data) keepCsrf(asked.data.csrf);
  return { user: away ? null : asked.data, error, refetch: asked.refetch };
}

/** Whether a role reaches as far as another. */
export function reaches(role: string | null | undefined, needed: Role): boolean {
  return role != null && ROLES.indexOf(role as Role) >= ROLES.indexOf(needed);
}

/** What somebody may do on a DAG, on everything (`"*"`), or anywhere at all (no argument); null: nothing, or not known yet. */
export function useRole(dag?: string): string | null {
  const { user } = useSession();
  const grants = user?.grants ?? [];
  const widest = (some: typeof grants) => ROLES.findLast((role) => some.some((grant) => grant.role === role)) ?? null;
  const everywhere = widest(grants.filter((grant) => grant.select === "*"));
  const narrow = dag !== undefined && dag !== "*" && grants.some((grant) => grant.select !== "*");
  const asked = $api.useQuery(
    "get",
    "/api/v1/session/role",
    { params: { query: { dag: dag ?? "" } } },
    { enabled: narrow, staleTime: 60_000 },
  );
  if (dag === undefined) return widest(grants);
  return narrow ? (asked.data?.role ?? everywhere) : everywhere;
}

/** Go to the sign-in page as soon as any answer says that nobody is signed in. */
export function useSignedOutElsewhere(leave: () => void) {
  const client = useQueryClient();
  useEffect(
    () =>
      client.getQueryCache().subscribe(({ type, query }) => {
        if (type === "updated" && query.state.error && problemOf(query.state.error).status === 401) leave();
      }),
    [client, leave],
  );
}
