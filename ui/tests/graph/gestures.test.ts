import { beforeEach, describe, expect, test } from "vitest";
import { gestures, zoomKey } from "~/graph/gestures";
import type { View } from "~/graph/view";

class Plane {
  view: View = { x: 0, y: 0, k: 1 };
  size = { width: 400, height: 200 };
  fitted = 0;
  look(view: View) {
    this.view = view;
  }
  fit() {
    this.fitted++;
  }
}

let plane: Plane;
let host: HTMLElement;
let canvas: HTMLCanvasElement;
let taps: [number, number][];
let stop: () => void;

beforeEach(() => {
  plane = new Plane();
  host = document.createElement("div");
  host.setPointerCapture = () => undefined; // the test's document has no pointers to capture
  canvas = document.createElement("canvas");
  host.append(canvas);
  taps = [];
  stop = gestures(host, plane, (x, y) => taps.push([x, y]));
});

function pointer(kind: string, clientX: number, clientY: number, pointerId = 1) {
  canvas.dispatchEvent(new PointerEvent(kind, { clientX, clientY, pointerId, bubbles: true, button: 0 }));
}
function click(on: Element = canvas): boolean {
  return on.dispatchEvent(new MouseEvent("click", { clientX: 10, clientY: 20, bubbles: true, cancelable: true }));
}

describe("gestures", () => {
  test("a drag moves the plane and picks nothing", () => {
    pointer("pointerdown", 10, 20);
    pointer("pointermove", 60, 50);
    pointer("pointerup", 60, 50);
    click();
    expect(plane.view).toEqual({ x: 50, y: 30, k: 1 });
    expect(taps).toEqual([]);
  });
  test("a finger that trembles still taps, and nothing moves", () => {
    pointer("pointerdown", 10, 20);
    pointer("pointermove", 12, 20);
    pointer("pointerup", 12, 20);
    click();
    expect(plane.view.x).toBe(0);
    expect(taps).toEqual([[10, 20]]);
  });
  test("the end of a drag over a button does not press it", () => {
    const button = document.createElement("button");
    let pressed = 0;
    button.onclick = () => pressed++;
    host.append(button);
    pointer("pointerdown", 10, 20);
    pointer("pointermove", 60, 50);
    pointer("pointerup", 60, 50);
    click(button);
    expect(pressed).toBe(0);
    pointer("pointerdown", 10, 20);
    pointer("pointerup", 10, 20);
    click(button);
    expect(pressed).toBe(1);
    expect(taps).toEqual([]);
  });
  test("two fingers that part come nearer, about their middle", () => {
    pointer("pointerdown", 100, 100, 1);
    pointer("pointerdown", 200, 100, 2);
    pointer("pointermove", 300, 100, 2);
    expect(plane.view.k).toBeCloseTo(2);
    pointer("pointerup", 300, 100, 2);
    pointer("pointermove", 110, 100, 1);
    expect(plane.view.k).toBeCloseTo(2);
  });
  test("the wheel moves, with control it zooms, and the page does not scroll", () => {
    const wheel = (more: WheelEventInit) => {
      const event = new WheelEvent("wheel", { bubbles: true, cancelable: true, clientX: 100, clientY: 50, ...more });
      canvas.dispatchEvent(event);
      return event.defaultPrevented;
    };
    expect(wheel({ deltaX: 5, deltaY: 30 })).toBe(true);
    expect(plane.view).toMatchObject({ x: -5, y: -30 });
    const under = (100 - plane.view.x) / plane.view.k;
    expect(wheel({ deltaY: -400, ctrlKey: true })).toBe(true);
    expect(plane.view.k).toBeGreaterThan(1);
    expect(plane.view.k).toBeLessThan(1.5);
    expect((100 - plane.view.x) / plane.view.k).toBeCloseTo(under);
  });
  test("keys zoom about the middle, and zero shows all", () => {
    expect(zoomKey(plane, "+")).toBe(true);
    expect((200 - plane.view.x) / plane.view.k).toBeCloseTo(200);
    zoomKey(plane, "-");
    expect(plane.view.k).toBeCloseTo(1);
    zoomKey(plane, "0");
    expect(plane.fitted).toBe(1);
    expect(zoomKey(plane, "x")).toBe(false);
  });
  test("after the end nothing is heard", () => {
    stop();
    pointer("pointerdown", 10, 20);
    pointer("pointermove", 60, 50);
    expect(plane.view.x).toBe(0);
  });
});
