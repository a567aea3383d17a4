import { useNavigate } from "@tanstack/react-router";
import { api, problemOf, queries } from "~/api/client";
import { say } from "~/ui/toast";

const STAYS = ["theme"]; // tells nothing of what was shown

/** Forget what was shown here: whoever signs in next is not to see where one has been. */
export function forget() {
  queries.clear();
  for (const key of Object.keys(localStorage)) if (!STAYS.includes(key)) localStorage.removeItem(key);
}

/** After the session has ended: forget, and go to where one signs in. */
export function useLeave(): () => Promise<void> {
  const navigate = useNavigate();
  return async () => {
    forget();
    await navigate({ to: "/sign-in" });
  };
}

/** End the session here, and leave. */
export function useSignOut(): () => Promise<void> {
  const leave = useLeave();
  return async () => {
    try {
      await api.DELETE("/api/v1/session", {});
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status !== 401) return say(`You are still signed in. ${problem.message}`, true);
    }
    await leave();
  };
}
