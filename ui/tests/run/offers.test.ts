import { describe, expect, it } from "vitest";
import { change } from "~/pages/run/CodeDiffOf";
import { offersOf, parseLabel, taskOffers } from "~/pages/run/offers";

const words = (state: string, newer = false) => offersOf({ run_id: "d@1", state }, newer).map((one) => one.words);

describe("what one can do with a run", () => {
  it("begins with the new code where there is some", () => {
    const [first] = offersOf({ run_id: "d@1", state: "failed" }, true);
    expect(first).toMatchObject({
      words: "Rerun failed with new code",
      look: "primary",
      act: { act: "rerun", of: { runs: ["d@1"] }, failed: true },
      command: "segue rerun d@1 --failed",
    });
  });

  it("begins with a retry where there is none", () => {
    expect(words("failed")).toEqual(["Retry", "Rerun failed", "Rerun all", "Mark…"]);
  });

  it("is only what makes sense as it is", () => {
    expect(words("running")).toEqual(["Cancel", "Mark…"]);
    expect(words("success")).toEqual(["Rerun all", "Mark…"]);
    expect(words("held")).toEqual(["Release", "Reject", "Cancel", "Mark…"]);
    expect(words("interrupted")).toEqual(["Retry", "Cancel", "Mark…"]);
    expect(words("cancelled")).toEqual(["Retry", "Rerun all", "Mark…"]);
  });

  it("has a command that a shell takes as it is", () => {
    const [first] = offersOf({ run_id: "a b'c@1", state: "failed" }, false);
    expect(first?.command).toBe("segue retry 'a b'\\''c@1'");
  });
});

describe("what one can do with a task", () => {
  const named = (state: string, run: string, task = "t") =>
    taskOffers({ run_id: "d@1", state: run }, task, state).map((one) => one.words);

  it("is only what makes sense as it is", () => {
    expect(named("failed", "failed")).toEqual(["Retry", "Mark…"]);
    expect(named("failed", "running")).toEqual(["Mark…"]);
    expect(named("held", "held")).toEqual(["Release", "Reject", "Mark…"]);
    expect(named("success", "success")).toEqual(["Rerun from here", "Mark…"]);
    expect(named("success", "success", "t[3]")).toEqual(["Mark…"]);
  });
});

describe("a label", () => {
  it("is a task, with the number of an item where it has one", () => {
    expect(parseLabel("clean")).toEqual({ task: "clean", index: null });
    expect(parseLabel("clean[3]")).toEqual({ task: "clean", index: 3 });
    expect(parseLabel("a[b]")).toEqual({ task: "a[b]", index: null });
  });
});

describe("a change", () => {
  it("is told as people compare", () => {
    expect(change(100, 100)).toBe("the same");
    expect(change(100, 140)).toBe("+40 %");
    expect(change(100, 50)).toBe("−50 %");
    expect(change(100, 450)).toBe("× 4.5");
    expect(change(0, 5)).toBe("–");
  });
});
