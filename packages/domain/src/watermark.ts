import type { BulkExportRequest, ExportType } from './bulk-export.ts';
import type { OutputFile } from './output-file.ts';

/** The `resourceType` of the watermark that exports of every type keep. */
export const everyType = '*';

/** The last transactionTime up to which everything of a type is stored, per connection, export level and type. */
export interface Watermark {
  readonly connectionId: string;
  /** A Group's export says nothing about the patients outside of it, so the levels do not mix. */
  readonly exportType: ExportType;
  readonly resourceType: string;
  /** As the server wrote it: the next export's `_since`. */
  readonly transactionTime: string;
  /** The same instant, for ordering. */
  readonly at: Date;
  readonly exportId: string;
}

/**
 * The types whose watermark an export may advance: those asked for, or where none was those that came and `everyType`.
 * Not a type that has an unsettled file, or that has none because the token's scopes do not cover it. None at all where a
 * `deleted` or `error` file is not settled or an entry of the manifest could not be read, since those may concern any
 * type, and none where `_typeFilter` or the server's own choice left resources out.
 */
export function settledTypes(options: {
  readonly request: Pick<BulkExportRequest, 'resourceTypes' | 'typeFilters'>;
  readonly files: readonly Pick<OutputFile, 'section' | 'state' | 'type'>[];
  readonly manifestGaps?: number | undefined;
  /** Whether a type without any file was left out for want of permission rather than of resources. */
  readonly isWithheld: (resourceType: string) => boolean;
}): string[] {
  const { request, files, manifestGaps = 0, isWithheld } = options;
  const { resourceTypes: asked, typeFilters = [] } = request;
  if (manifestGaps > 0 || typeFilters.length > 0) return [];
  if (files.some(({ section, state }) => section !== 'output' && state !== 'completed')) return [];
  const output = files.filter(({ section }) => section === 'output');
  const came = new Set(output.map(({ type }) => type));
  const unsettled = new Set(output.filter(({ state }) => state !== 'completed').map(({ type }) => type));
  if (asked.length > 0) return asked.filter((type) => !unsettled.has(type) && (came.has(type) || !isWithheld(type)));
  const settled = [...came].filter((type) => !unsettled.has(type));
  return unsettled.size === 0 ? [...settled, everyType] : settled;
}

/**
 * Where the next export of these types has to start so that nothing is missed: the oldest of their watermarks.
 * @returns `since` undefined where a type has none: everything is due, and `unknown` names the types.
 */
export function sinceLast(options: {
  readonly resourceTypes: readonly string[];
  readonly watermarks: readonly Pick<Watermark, 'resourceType' | 'transactionTime' | 'at'>[];
}): { readonly since: string | undefined; readonly unknown: readonly string[] } {
  const byType = new Map(options.watermarks.map((watermark) => [watermark.resourceType, watermark]));
  const ofEvery = byType.get(everyType);
  const types = options.resourceTypes.length > 0 ? options.resourceTypes : [everyType];
  // An export of every type has brought this one too, perhaps later than one of its own.
  const found = types.map((type) => latest(byType.get(type), ofEvery));
  const unknown = types.filter((_, index) => found[index] === undefined);
  if (unknown.length > 0) return { since: undefined, unknown };
  const oldest = found.reduce((one, other) => (one && other && one.at <= other.at ? one : other));
  return { since: oldest?.transactionTime, unknown };
}

/**
 * Whether an export that starts at `since` leaves no gap behind what is stored: only then is "everything up to its
 * transactionTime is stored" true afterwards.
 */
export function leavesNoGap(options: {
  /** The `_since` that was sent; undefined: everything was asked for. */
  readonly since: string | undefined;
  readonly resourceType: string;
  readonly watermarks: readonly Mark[];
}): boolean {
  const { since, resourceType, watermarks } = options;
  if (since === undefined) return true;
  const mark = latest(
    watermarks.find((one) => one.resourceType === resourceType),
    watermarks.find((one) => one.resourceType === everyType),
  );
  return mark !== undefined && mark.at.getTime() >= Date.parse(since);
}

type Mark = Pick<Watermark, 'resourceType' | 'transactionTime' | 'at'>;

function latest(left: Mark | undefined, right: Mark | undefined): Mark | undefined {
  if (!left || !right) return left ?? right;
  return left.at >= right.at ? left : right;
}
