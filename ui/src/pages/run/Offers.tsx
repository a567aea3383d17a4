import { ActButton } from "~/act/Acting";
import type { Offer } from "./offers";

/** The buttons of what makes sense now. */
export function Offers({ of, dag }: { of: readonly Offer[]; dag: string }) {
  return of.map((one) => (
    <ActButton key={one.words} act={one.act} dag={dag} look={one.look}>
      {one.words}
    </ActButton>
  ));
}
