import type { ReactNode } from "react";
import type { Change } from "~/ui/change";
import { Button, Dialog } from "~/ui/parts";

/** The dialog of something new; `does` when its form is sent. */
export function Making({
  what,
  change,
  does,
  close,
  children,
}: {
  what: string;
  change: Change;
  does: () => void;
  close: () => void;
  children: ReactNode;
}) {
  return (
    <Dialog title={`New ${what}`} close={close}>
      <form
        onChange={change.clear}
        onSubmit={(event) => {
          event.preventDefault();
          does();
        }}
      >
        <div className="dialog-body">{children}</div>
        <div className="dialog-foot">
          <Button onClick={close}>Leave it</Button>
          <Button type="submit" look="primary" disabled={change.busy}>
            Make the {what}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
