import { useSyncExternalStore } from "react";
import { useRole } from "~/api/session";
import { usePulse } from "~/live/hooks";
import { onTheme, setTheme, type Theme, themeNow } from "~/ui/colors";
import { Icon } from "~/ui/icons";
import { Button } from "~/ui/parts";
import { useSignOut } from "./leaving";

const THEMES: readonly Theme[] = ["system", "light", "dark"];

/** Who is here and as what, whether the page hears the server, and how it looks. */
export function Foot({ user, help }: { user: string; help: () => void }) {
  const pulse = usePulse();
  const role = useRole();
  const signOut = useSignOut();
  const theme = useSyncExternalStore(onTheme, themeNow);
  return (
    <div className="foot">
      <div className="who">
        <span className="person">
          <bdi>{user}</bdi>
          <small>{role ?? "no role yet"}</small>
        </span>
        <Button look="quiet" aria-label="Sign out" title="Sign out" onClick={() => void signOut()}>
          <Icon name="leave" />
        </Button>
      </div>
      <div className="how">
        <span className={`pulse ${pulse}`} title={pulse === "open" ? "the page hears every event" : "connecting"}>
          {pulse === "open" ? "live" : "connecting…"}
        </span>
        <select aria-label="theme" value={theme} onChange={(event) => setTheme(event.target.value as Theme)}>
          {THEMES.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <Button look="quiet" aria-label="keys of this page" title="keys ( ? )" onClick={help}>
          ?
        </Button>
      </div>
    </div>
  );
}
