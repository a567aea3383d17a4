import { Link } from "@tanstack/react-router";

export function Missing() {
  return (
    <main>
      <h1>There is no such page</h1>
      <p>
        <Link to="/" className="link">
          The overview
        </Link>{" "}
        shows what needs attention first.
      </p>
    </main>
  );
}
