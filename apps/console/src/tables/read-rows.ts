/** A row of a preview. */
export interface PreviewRow {
  /** From 1. */
  readonly number: number;
  /** The texts of the cells, by column. */
  readonly cells: Readonly<Record<string, string>>;
}

/** Reads the lines of NDJSON. Numbers keep their text. */
export function readRows(ndjson: string): PreviewRow[] {
  return ndjson
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      const row = JSON.parse(line, withSource) as Readonly<Record<string, unknown>>;
      const cells = Object.entries(row).map(([name, value]) => [name, toText(value)]);
      return { number: index + 1, cells: Object.fromEntries(cells) };
    });
}

/** Browsers pass the text of a number: https://tc39.es/proposal-json-parse-with-source. */
function withSource(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? (context?.source ?? value) : value;
}

function toText(value: unknown): string {
  if (value === null) return '';
  return Array.isArray(value) ? value.map(toText).join(', ') : String(value);
}
