import { useNavigate } from "@tanstack/react-router";
import { api, queries } from "~/api/client";

/** End the session here, and forget what was shown. */
export function useSignOut(): () => Promise<void> {
  const navigate = useNavigate();
  return async () => {
    await api.DELETE("/api/v1/session", {});
    queries.clear();
    await navigate({ to: "/sign-in" });
  };
}
