import { Link, Outlet, useNavigate, useRouter, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { Acting } from "~/act/Acting";
import { queries } from "~/api/client";
import { useSession, useSignedOutElsewhere } from "~/api/session";
import { refresh } from "~/live/refresh";
import { connect } from "~/live/stream";
import { Icon } from "~/ui/icons";
import { Button, Trouble } from "~/ui/parts";
import { Toasts } from "~/ui/toast";
import { Foot } from "./Foot";
import { Health } from "./Health";
import { nameOf, PLACES, stroke, titleOf } from "./places";
import { remember } from "./recent";
import "./frame.css";

const Palette = lazy(() => import("./palette").then((page) => ({ default: page.Palette })));
const Keys = lazy(() => import("./palette").then((page) => ({ default: page.Keys })));

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

type Open = "find" | "keys" | null;

function Inside({ user }: { user: string }) {
  const [menu, setMenu] = useState(false);
  const [open, setOpen] = useState<Open>(null);
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => {
    const stop = [connect(), refresh(queries)];
    return () =>
      stop.forEach((end) => {
        end();
      });
  }, []);
  useEffect(() => {
    document.title = titleOf(path);
    remember(path);
  }, [path]);
  useStrokes(setOpen);
  const close = () => setOpen(null);
  return (
    <div className="frame">
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        Skip to the page
      </button>
      <header className={`side${menu ? " open" : ""}`}>
        <div className="row">
          <Link to="/" className="brand">
            <img src="/icon.svg" width={22} height={22} alt="" />
            Segue
          </Link>
          <Button className="burger" aria-label="find" onClick={() => setOpen("find")}>
            <Icon name="find" />
          </Button>
          <Button
            className="burger"
            aria-expanded={menu}
            aria-controls="menu"
            aria-label="menu"
            onClick={() => setMenu(!menu)}
          >
            <Icon name="menu" />
          </Button>
        </div>
        <div className="rest" id="menu">
          <button type="button" className="find" onClick={() => setOpen("find")}>
            <Icon name="find" />
            Find <kbd>{/Mac|iP/.test(navigator.platform) ? "⌘ K" : "Ctrl K"}</kbd>
          </button>
          <nav aria-label="pages" onClickCapture={() => setMenu(false)}>
            {PLACES.map(({ to, title, icon }) => (
              <Link
                key={to}
                to={to as "/"}
                className="item"
                activeProps={{ className: "here" }}
                activeOptions={{ exact: to === "/", includeSearch: false }}
              >
                <Icon name={icon} />
                {title}
              </Link>
            ))}
          </nav>
          <Foot user={user} help={() => setOpen("keys")} />
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <div className="sr" role="status">
          {nameOf(path)}
        </div>
        <Health />
        <Outlet />
      </main>
      <Suspense>
        {open === "find" && <Palette close={close} keys={() => setOpen("keys")} />}
        {open === "keys" && <Keys close={close} />}
      </Suspense>
      <Acting />
      <Toasts />
    </div>
  );
}

const PATIENCE = 1_500;
const FIELD = "input, textarea, select, [contenteditable], dialog[open]";

/** Ctrl/Cmd K finds; `?` tells the keys; `g` and a letter go somewhere. Not while somebody writes. */
function useStrokes(open: (what: Open) => void) {
  const navigate = useNavigate();
  useEffect(() => {
    let before = "";
    let at = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.key?.toLowerCase() === "k" && (event.metaKey || event.ctrlKey)) {
        event.preventDefault();
        return open("find");
      }
      const writes = (event.target as Element | null)?.closest?.(FIELD) || document.querySelector("dialog[open]");
      if (writes || event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return;
      const { go, help, next } = stroke(event.timeStamp - at < PATIENCE ? before : "", event.key);
      before = next;
      at = event.timeStamp;
      if (help) open("keys");
      if (go) void navigate({ to: go });
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [navigate, open]);
}
