import type { OutputFile } from './output-file.ts';

/** The last transactionTime up to which everything of a type is stored, per connection and type. */
export interface Watermark {
  readonly connectionId: string;
  readonly resourceType: string;
  /** As the server wrote it: the next export's `_since`. */
  readonly transactionTime: string;
  /** The same instant, for ordering. */
  readonly at: Date;
  readonly exportId: string;
}

/**
 * The types whose watermark an export may advance: those asked for (or, where none was, those that came), provided that
 * every file of the type completed and that no `deleted` or `error` file failed, since those may concern any type.
 */
export function settledTypes(options: {
  readonly requestedTypes: readonly string[];
  readonly files: readonly OutputFile[];
}): string[] {
  const { requestedTypes, files } = options;
  if (files.some(({ section, state }) => section !== 'output' && state !== 'completed')) return [];
  const output = files.filter(({ section }) => section === 'output');
  const types = requestedTypes.length > 0 ? requestedTypes : output.map(({ type }) => type);
  const unsettled = new Set(output.filter(({ state }) => state !== 'completed').map(({ type }) => type));
  return [...new Set(types)].filter((type) => !unsettled.has(type));
}
