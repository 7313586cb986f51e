import type { paths } from './api-types.ts';
import { type ApiClient, answerOf } from './client.ts';

type Query = paths['/api/ehr/{provider}/tables/{view}']['get']['parameters']['query'];

/** A row by the names of its columns. */
export type TableRow = Readonly<Record<string, unknown>>;

/**
 * Reads the rows of a view as they come. If the connection breaks before the last row, the loop throws.
 * @param options.parse reads a line. Default: JSON.parse, which makes doubles of numbers, so `1.50` becomes 1.5
 */
export async function* tableRows(
  api: ApiClient,
  options: {
    readonly provider: string;
    readonly view: string;
    readonly query: Omit<Query, 'format' | 'quoteFormulas'>;
    readonly parse?: (line: string) => TableRow;
  },
): AsyncGenerator<TableRow> {
  const { provider, view, query, parse = JSON.parse } = options;
  const answer = await api.GET('/api/ehr/{provider}/tables/{view}', {
    params: { path: { provider, view }, query: { ...query, format: 'ndjson' } },
    parseAs: 'stream',
  });
  const decoder = new TextDecoder();
  let rest = '';
  for await (const part of answerOf(answer) as ReadableStream<Uint8Array>) {
    const lines = (rest + decoder.decode(part, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield parse(line) as TableRow;
  }
}
