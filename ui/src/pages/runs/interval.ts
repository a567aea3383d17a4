import type { RunItem } from "~/api/schema";
import { moment } from "~/ui/time";

/** The end of a run's interval, as much of it as its key does not tell: `06:00` of the same day, a day; "" where the key is a whole day. Pure. */
export function endOf({ interval, key, timezone }: Pick<RunItem, "interval" | "key" | "timezone">): string {
  if (!interval) return "";
  const shown = (at: string) => moment(at, timezone, "minute", false);
  const [start, end] = [shown(interval.start), shown(interval.end)] as const;
  const hours = (Date.parse(interval.end) - Date.parse(interval.start)) / 3_600_000;
  const whole = /^\d{4}-\d\d-\d\d(\.\d+)?$/.test(key); // with the number of a later run of it
  if (whole && hours > 22 && hours < 26) return "";
  if (end.slice(0, 10) === start.slice(0, 10)) return end.slice(11);
  return end.endsWith(" 00:00") ? end.slice(0, 10) : end;
}
