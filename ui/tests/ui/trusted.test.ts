import { expect, test } from "vitest";
import { ownScript } from "~/ui/trusted";

const HERE = "http://127.0.0.1:8321";

test("a file of the page may become code", () => {
  expect(ownScript("/assets/layout-1a.js", HERE, false)).toBe(`${HERE}/assets/layout-1a.js`);
  expect(ownScript(`${HERE}/assets/layout-1a.js`, HERE, false)).toBe(`${HERE}/assets/layout-1a.js`);
});

test.each([
  "https://evil.test/assets/a.js",
  "//evil.test/assets/a.js",
  "data:text/javascript,alert(1)",
  "blob:http://127.0.0.1:8321/1",
  "javascript:alert(1)",
  "/api/v1/attempts/1/log",
  "/assets/../api/v1/attempts/1/log",
  "/assetsx/a.js",
  `${HERE}@evil.test/assets/a.js`,
])("%s may not", (address) => {
  expect(() => ownScript(address, HERE, false)).toThrow(TypeError);
});

test("while the page is written its sources lie elsewhere on the same server", () => {
  expect(ownScript("/src/graph/layout.worker.ts?worker_file", HERE, true)).toContain("/src/graph/");
  expect(() => ownScript("https://evil.test/src/a.ts", HERE, true)).toThrow(TypeError);
});
