import { useNavigate } from "@tanstack/react-router";
import { api, problemOf, queries } from "~/api/client";
import { say } from "~/ui/toast";
import { forgetRecent } from "./recent";

/** End the session here, and forget what was shown. */
export function useSignOut(): () => Promise<void> {
  const navigate = useNavigate();
  return async () => {
    try {
      await api.DELETE("/api/v1/session", {});
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status !== 401) return say(`You are still signed in. ${problem.message}`, true);
    }
    queries.clear();
    forgetRecent();
    await navigate({ to: "/sign-in" });
  };
}
