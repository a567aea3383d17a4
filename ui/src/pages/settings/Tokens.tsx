import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { $api, api } from "~/api/client";
import type { TokenItem } from "~/api/schema";
import { reaches, useRole, useSession } from "~/api/session";
import { Confirm } from "~/ui/Confirm";
import { useChange } from "~/ui/change";
import { Ago, Answer, Button, Empty, Panel, Time } from "~/ui/parts";
import { say } from "~/ui/toast";
import { grantsText } from "./grants";
import { TOKENS } from "./lists";
import { NewToken } from "./NewToken";
import { Rows } from "./Rows";

/** What scripts come in with: one's own, and for admins those of everybody. */
export function Tokens({ everybody }: { everybody: boolean }) {
  const admin = reaches(useRole("*"), "admin");
  const all = everybody && admin;
  const asked = $api.useQuery("get", "/api/v1/tokens", { params: { query: { user: all ? "*" : undefined } } });
  const [making, setMaking] = useState(false);
  const [ending, end] = useState<TokenItem | null>(null);
  return (
    <Panel
      title={all ? "Tokens of everybody" : "Your tokens"}
      aside={
        <>
          {admin && (
            <Link to="." search={{ tab: "tokens", whose: all ? undefined : "all" }} className="link" replace>
              {all ? "only yours" : "of everybody"}
            </Link>
          )}
          <Button look="primary" onClick={() => setMaking(true)}>
            New token
          </Button>
        </>
      }
    >
      <Answer of={asked}>
        {({ items }) =>
          items.length ? (
            <Table tokens={items} owners={all} end={end} />
          ) : (
            <Empty>No token yet. Scripts come in with one, instead of signing in.</Empty>
          )
        }
      </Answer>
      {making && <NewToken admin={admin} close={() => setMaking(false)} />}
      {ending && <Revoke token={ending} close={() => end(null)} />}
    </Panel>
  );
}

function Table({
  tokens,
  owners,
  end,
}: {
  tokens: readonly TokenItem[];
  owners: boolean;
  end: (token: TokenItem) => void;
}) {
  return (
    <Rows heads={[...(owners ? ["Of"] : []), "Name", "May at most", "Made", "Good until", "Last used"]} acts="end it">
      {tokens.map((token) => (
        <tr key={`${token.user}/${token.name}`}>
          {owners && (
            <td>
              <bdi>{token.user}</bdi>
            </td>
          )}
          <td>
            <bdi>{token.name}</bdi>
          </td>
          <td className="wide">{grantsText([token])}</td>
          <td className="settings-line">
            <Time at={token.created_at} precision="day" />
          </td>
          <td className="settings-line">
            <Time at={token.until} precision="day" />
          </td>
          <td className="settings-line">
            {token.used_at ? <Ago at={token.used_at} /> : <span className="none">never</span>}
          </td>
          <td>
            <Button look="danger" aria-label={`revoke ${token.name}`} onClick={() => end(token)}>
              Revoke…
            </Button>
          </td>
        </tr>
      ))}
    </Rows>
  );
}

function Revoke({ token, close }: { token: TokenItem; close: () => void }) {
  const change = useChange();
  const { user } = useSession();
  const does = async () => {
    const params = { path: { user: token.user, name: token.name } };
    if (!(await change.run<unknown>(() => api.DELETE("/api/v1/tokens/{user}/{name}", { params }), TOKENS))) return;
    say(`The token ${token.name} has ended.`);
    close();
  };
  return (
    <Confirm title={`Revoke ${token.name}`} verb="Revoke" danger change={change} does={() => void does()} close={close}>
      <p>
        It stops at once: whatever comes in with it is turned away.
        {token.user !== user?.user && (
          <>
            {" "}
            It belongs to <bdi>{token.user}</bdi>.
          </>
        )}
      </p>
      <p className="muted">
        {token.used_at ? (
          <>
            Last used about <Ago at={token.used_at} />.
          </>
        ) : (
          "It was never used."
        )}
      </p>
    </Confirm>
  );
}
