import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { answerOf, type paths } from '@bulkhead/client';
import type { Context } from '../context.ts';
import { CliError } from '../exit-codes.ts';

export type TableQuery = paths['/api/ehr/{provider}/tables/{view}']['get']['parameters']['query'];

/** A view of which tables are read. */
export interface TableSource {
  readonly name: string;
  /** Your ViewDefinition as JSON text. Undefined: the published view with the name. */
  readonly view?: string | undefined;
}

/** The names of the published views. */
export async function listViews({ api, provider }: Context): Promise<string[]> {
  const { data } = answerOf(await api.GET('/api/ehr/{provider}/tables', { params: { path: { provider } } }));
  // Otherwise the tables of a followed folder would be deleted like those of views that no longer exist.
  if (data.length === 0) throw new CliError('unavailable', 'The API has no views.');
  return data.map(({ name }) => name);
}

export function readDefinition(file: string): TableSource {
  return { name: basename(file).replace(/\.[^.]*$/, ''), view: readFileSync(file, 'utf8') };
}

/** @throws CliError if a name cannot be that of a table */
export function readDefinitions(folder: string): TableSource[] {
  const sources = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => readDefinition(join(folder, name)));
  const wrong = sources.find(({ name }) => !/^[A-Za-z]\w*$/.test(name));
  if (!wrong) return sources;
  const message = `${wrong.name}.json cannot be a table. Use letters, digits and underscores, beginning with a letter.`;
  throw new CliError('usage', message);
}

/** Requests a table. */
export function tableAnswer(
  { api, provider }: Context,
  { name, view, query }: TableSource & { readonly query: TableQuery },
) {
  if (view === undefined) {
    const params = { path: { provider, view: name }, query };
    return api.GET('/api/ehr/{provider}/tables/{view}', { params, parseAs: 'stream' });
  }
  return api.POST('/api/ehr/{provider}/tables', {
    params: { path: { provider }, query },
    // As it is written: parsing would change the text of numbers.
    body: view,
    bodySerializer: (text: unknown) => text as string,
    parseAs: 'stream',
  });
}
