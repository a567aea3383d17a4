/** Instants for people: in the zone of the DAG, with its offset. Pure, but for the cache of formatters. */

const formats = new Map<string, Intl.DateTimeFormat>();

function partsOf(at: number, zone: string): Record<string, string> {
  let format = formats.get(zone);
  if (!format) {
    const options: Intl.DateTimeFormatOptions = {
      timeZone: zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
      weekday: "short",
      timeZoneName: "longOffset",
    };
    try {
      format = new Intl.DateTimeFormat("en-GB", options);
    } catch {
      format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" }); // a zone this browser has not heard of
    }
    formats.set(zone, format);
  }
  return Object.fromEntries(format.formatToParts(at).map((part) => [part.type, part.value]));
}

/** The offset of a zone at an instant: `+01:00`, `Z` for none. */
function offsetOf(parts: Record<string, string>): string {
  return (parts.timeZoneName ?? "").replace("GMT", "") || "Z";
}

export type Precision = "day" | "minute" | "second";

/** `2026-11-03 06:00 +01:00`; with the offset left out where the zone stands nearby. */
export function moment(
  at: string | number | null | undefined,
  zone = "UTC",
  precision: Precision = "minute",
  offset = true,
): string {
  if (at == null) return "–";
  const instant = typeof at === "number" ? at : Date.parse(at);
  if (Number.isNaN(instant)) return "–";
  const p = partsOf(instant, zone);
  const day = `${p.year}-${p.month}-${p.day}`;
  if (precision === "day") return day;
  const time = precision === "minute" ? `${p.hour}:${p.minute}` : `${p.hour}:${p.minute}:${p.second}`;
  return `${day} ${time}${offset ? ` ${offsetOf(p)}` : ""}`;
}

/** `06:00`, in a zone. */
export function hour(at: string | number, zone = "UTC"): string {
  const p = partsOf(typeof at === "number" ? at : Date.parse(at), zone);
  return `${p.hour}:${p.minute}`;
}

/** `Tue`, in a zone. */
export function weekday(at: string | number, zone = "UTC"): string {
  return partsOf(typeof at === "number" ? at : Date.parse(at), zone).weekday ?? "";
}

/** `just now`, `4 min ago`, `in 2 h`, `3 d ago`. */
export function ago(at: string | number | null | undefined, now: number): string {
  if (at == null) return "–";
  const seconds = (now - (typeof at === "number" ? at : Date.parse(at))) / 1000;
  if (Number.isNaN(seconds)) return "–";
  const far = Math.abs(seconds);
  const text =
    far < 5
      ? ""
      : far < 90
        ? `${Math.round(far)} s`
        : far < 5400
          ? `${Math.round(far / 60)} min`
          : far < 172_800
            ? `${Math.round(far / 3600)} h`
            : `${Math.round(far / 86_400)} d`;
  if (!text) return "just now";
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

/** Seconds between two instants; to `now` where the second has not come. */
export function between(start: string | null | undefined, end: string | null | undefined, now: number): number | null {
  if (!start) return null;
  return ((end ? Date.parse(end) : now) - Date.parse(start)) / 1000;
}
