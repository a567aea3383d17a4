import { Ago, Answer, Panel } from "~/ui/parts";
import { Mark } from "~/ui/State";
import { Coded, useVitals } from "../Health";
import { PART, sentence } from "../vitals";

/** How each part of the installation is. */
export function Parts() {
  const asked = useVitals();
  return (
    <Panel title="Health" aside={asked.error ? "the server does not answer: this is how it was" : undefined}>
      <Answer of={asked} lines={2}>
        {({ parts }) => (
          <ul className="parts">
            {parts.map((part) => (
              <li key={part.name}>
                <Mark state={part.ok ? "success" : "failed"} />
                <strong>{PART[part.name] ?? part.name}</strong>
                {part.ok ? (
                  <span className="muted">{part.detail || "well"}</span>
                ) : (
                  <>
                    <span className="ill">
                      <Coded text={sentence(part.name)} />
                    </span>
                    <small>
                      <Ago at={new Date(part.since).toISOString()} />
                      {part.detail && ": "}
                      <Coded text={part.detail} />
                    </small>
                  </>
                )}
              </li>
            ))}
          </ul>
        )}
      </Answer>
    </Panel>
  );
}
