import type { ComponentProps, ReactNode } from "react";
import { Field } from "./parts";

interface Props extends Omit<ComponentProps<"input">, "id" | "onChange" | "value"> {
  label: ReactNode;
  hint?: ReactNode;
  error?: ReactNode;
  value: string;
  change: (value: string) => void;
}

/** A labelled line of text; nothing corrects or remembers it unless it is told to. */
export function TextField({ label, hint, error, change, ...input }: Props) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(id) => (
        <input
          id={id}
          autoComplete="off"
          spellCheck={false}
          {...input}
          onChange={(event) => change(event.target.value)}
        />
      )}
    </Field>
  );
}

/** A password that somebody chooses now. */
export function NewPassword({
  label = "Password",
  hint = "12 characters or more; four words do well.",
  ...rest
}: Omit<Props, "label"> & { label?: string }) {
  return <TextField label={label} hint={hint} type="password" required autoComplete="new-password" {...rest} />;
}
