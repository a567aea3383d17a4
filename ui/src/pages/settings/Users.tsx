import { useState } from "react";
import { $api } from "~/api/client";
import type { UserItem } from "~/api/schema";
import { Answer, Button, Panel, Time } from "~/ui/parts";
import { Barred } from "./Barred";
import { grantsText } from "./grants";
import type { Link } from "./lists";
import { NewUser } from "./NewUser";
import { Once } from "./Once";
import { Rows } from "./Rows";
import { User } from "./User";

/** Everybody who may enter. */
export function Users() {
  return (
    <Barred needs="admin" what="Users">
      <List />
    </Barred>
  );
}

function List() {
  const asked = $api.useQuery("get", "/api/v1/users", {});
  const [making, setMaking] = useState(false);
  const [chosen, choose] = useState<string | null>(null);
  const [link, setLink] = useState<Link | null>(null);
  return (
    <Panel
      title="Users"
      aside={
        <Button look="primary" onClick={() => setMaking(true)}>
          New user
        </Button>
      }
    >
      <Answer of={asked}>
        {({ items }) => {
          const open = items.find((user) => user.name === chosen);
          return (
            <>
              <Table users={items} choose={choose} />
              {open && <User user={open} link={setLink} close={() => choose(null)} />}
            </>
          );
        }}
      </Answer>
      {making && <NewUser link={setLink} close={() => setMaking(false)} />}
      {link && (
        <Once
          title={`A link for ${link.user}`}
          says={`With it ${link.user} comes in once, and chooses a password.`}
          text={new URL(link.link, location.origin).href}
          close={() => setLink(null)}
        />
      )}
    </Panel>
  );
}

function Table({ users, choose }: { users: readonly UserItem[]; choose: (name: string) => void }) {
  return (
    <Rows heads={["Name", "May", "Enters by", "Since"]} acts="change">
      {users.map((user) => (
        <tr key={user.name} className={user.disabled ? "settings-off" : ""}>
          <td>
            <bdi>{user.name}</bdi> {user.disabled && <span className="tag">disabled</span>}
          </td>
          <td className="wide">{grantsText(user.grants)}</td>
          <td className="settings-line">{entersBy(user)}</td>
          <td className="settings-line">
            <Time at={user.created_at} precision="day" />
          </td>
          <td>
            <Button aria-label={`change ${user.name}`} onClick={() => choose(user.name)}>
              Change…
            </Button>
          </td>
        </tr>
      ))}
    </Rows>
  );
}

function entersBy(user: UserItem): string {
  if (user.outside) return "the provider of identities";
  return user.password ? "password" : "a link, still unused";
}
