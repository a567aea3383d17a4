import { expect, it } from "vitest";
import { forget } from "~/pages/leaving";

it("whoever signs out leaves nothing behind in the browser but the theme", () => {
  localStorage.setItem("theme", "dark");
  localStorage.setItem("recent", '["/dags/orders"]');
  localStorage.setItem("graph 8f3a", "{}");
  forget();
  expect(Object.keys(localStorage)).toEqual(["theme"]);
});
