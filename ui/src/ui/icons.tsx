/** Small line icons, 16 × 16, in the colour of the text; they never stand alone without a name. */
const PATHS = {
  overview: "M2.5 9.5L6 6l2.5 2.5L13.5 3.5M10 3.5h3.5V7M2.5 13h11",
  dags: "M3 3.5h3.5v3H3zM9.5 9.5H13v3H9.5zM9.5 3.5H13v3H9.5zM6.5 5h3M4.75 6.5v4.5h4.75",
  runs: "M5 3.2l7 4.8l-7 4.8z",
  backfills: "M8 4.5a4.5 4.5 0 1 1-4.3 3.2M3 3.5v3.6h3.6M8 6.5V9l1.8 1.2",
  missing: "M2.5 5V2.5H5M11 2.5h2.5V5M13.5 11v2.5H11M5 13.5H2.5V11M5.5 8h5",
  alerts: "M8 2.2c2.4 0 4 1.8 4 4.2c0 3 1.2 4 1.2 4.6H2.8c0-.6 1.2-1.6 1.2-4.6c0-2.4 1.6-4.2 4-4.2zM6.6 13.4h2.8",
  resources: "M2.5 13.5v-5h3v5zM6.5 13.5v-11h3v11zM10.5 13.5v-7h3v7z",
  audit: "M4 2.5h8v11H4zM6 5.5h4M6 8h4M6 10.5h2.5",
  settings: "M2.5 4.5h6M11.5 4.5h2M2.5 11.5h2M7.5 11.5h6M10 2.8v3.4M6 9.8v3.4",
  find: "M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9zM10.3 10.3l3.2 3.2",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  leave: "M6.5 2.5h-4v11h4M7 8h6.5M10.5 5l3 3l-3 3",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" width={16} height={16} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
