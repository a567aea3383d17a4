import { Dialog } from "~/ui/parts";

export function Palette({ close }: { close: () => void }) {
  return (
    <Dialog title="Find" close={close}>
      not built yet
    </Dialog>
  );
}
