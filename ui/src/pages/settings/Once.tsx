import { Button, Copy, Dialog } from "~/ui/parts";

/** Something that is shown once and never again. */
export function Once({ title, text, says, close }: { title: string; text: string; says: string; close: () => void }) {
  return (
    <Dialog title={title} close={close}>
      <div className="dialog-body">
        <p>{says}</p>
        <p className="settings-once">
          <Copy text={text} />
        </p>
        <p className="muted">It is not shown again: copy it now.</p>
      </div>
      <div className="dialog-foot">
        <Button look="primary" onClick={close}>
          I have it
        </Button>
      </div>
    </Dialog>
  );
}
