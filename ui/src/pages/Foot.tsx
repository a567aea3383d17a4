import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, queries } from "~/api/client";
import { usePulse } from "~/live/hooks";
import { setTheme, type Theme, themeNow } from "~/ui/colors";
import { Button } from "~/ui/parts";

const THEMES: readonly Theme[] = ["system", "light", "dark"];

/** Who is here, whether the page hears the server, and how it looks. */
export function Foot({ user }: { user: string }) {
  const pulse = usePulse();
  const navigate = useNavigate();
  const [theme, choose] = useState(themeNow);
  return (
    <div className="foot">
      <span>{pulse === "open" ? "● live" : "○ connecting…"}</span>
      <select
        aria-label="theme"
        value={theme}
        onChange={(event) => {
          setTheme(event.target.value as Theme);
          choose(event.target.value as Theme);
        }}
      >
        {THEMES.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <bdi>{user}</bdi>
      <Button
        onClick={async () => {
          await api.DELETE("/api/v1/session", {});
          queries.clear();
          await navigate({ to: "/sign-in" });
        }}
      >
        Sign out
      </Button>
    </div>
  );
}
