import { Link, Outlet, useNavigate, useRouter } from "@tanstack/react-router";
import { useCallback, useEffect, useState } from "react";
import { Acting } from "~/act/Acting";
import { queries } from "~/api/client";
import { useSession, useSignedOutElsewhere } from "~/api/session";
import { refresh } from "~/live/refresh";
import { connect } from "~/live/stream";
import { Button, Trouble } from "~/ui/parts";
import { Toasts } from "~/ui/toast";
import { Foot } from "./Foot";
import { Health } from "./Health";
import { Palette } from "./palette";

const PLACES = [
  ["/", "Overview"],
  ["/dags", "DAGs"],
  ["/runs", "Runs"],
  ["/backfills", "Backfills"],
  ["/missing", "Missing"],
  ["/alerts", "Alerts"],
  ["/resources", "Resources"],
  ["/audit", "Audit"],
  ["/settings", "Settings"],
] as const;

/** What stands around every page: where to go, how the server is, who is here. */
export function Frame() {
  const { user, error, refetch } = useSession();
  const navigate = useNavigate();
  const router = useRouter();
  const leave = useCallback(() => {
    const here = router.state.location;
    if (here.pathname !== "/sign-in") void navigate({ to: "/sign-in", search: { to: here.href }, replace: true });
  }, [navigate, router]);
  useSignedOutElsewhere(leave);
  useEffect(() => {
    if (user === null || user?.must_set_password) leave();
  }, [user, leave]);
  if (user === undefined || user === null || user.must_set_password)
    return error && user === undefined ? (
      <main>
        <Trouble error={error} again={() => void refetch()} />
      </main>
    ) : null;
  return <Inside user={user.user} />;
}

function Inside({ user }: { user: string }) {
  const [open, setOpen] = useState(false);
  const [finding, setFinding] = useState(false);
  useEffect(() => {
    const stop = [connect(), refresh(queries)];
    return () =>
      stop.forEach((end) => {
        end();
      });
  }, []);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "k" && (event.metaKey || event.ctrlKey)) {
        event.preventDefault();
        setFinding(true);
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <div className="frame">
      <div className={`side${open ? " open" : ""}`}>
        <div className="row">
          <Link to="/" className="brand">
            <img src="/icon.svg" width={22} height={22} alt="" />
            Segue
          </Link>
          <Button className="burger" aria-expanded={open} onClick={() => setOpen(!open)}>
            Menu
          </Button>
        </div>
        <div className="rest">
          <button type="button" className="find" onClick={() => setFinding(true)}>
            Find <kbd>Ctrl K</kbd>
          </button>
          <nav aria-label="pages" onClickCapture={() => setOpen(false)}>
            {PLACES.map(([to, title]) => (
              <Link
                key={to}
                to={to}
                className="item"
                activeProps={{ className: "here" }}
                activeOptions={{ exact: to === "/", includeSearch: false }}
              >
                {title}
              </Link>
            ))}
          </nav>
          <Foot user={user} />
        </div>
      </div>
      <main>
        <Health />
        <Outlet />
      </main>
      {finding && <Palette close={() => setFinding(false)} />}
      <Acting />
      <Toasts />
    </div>
  );
}
