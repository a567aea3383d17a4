import type { Scene } from "./scene";
import type { Size, View } from "./view";

export type Ink = CanvasRenderingContext2D;

/** What is painted, and as what it is seen. */
export interface Sight {
  readonly scene: Scene;
  readonly view: View;
  readonly size: Size;
  /** Pixels of the screen for one of the page. */
  readonly ratio: number;
  /** The box that is picked, -1 for none. */
  readonly picked: number;
  /** The families of type that the page is set in. */
  readonly face: string;
}
