import { join } from 'node:path';
import { answerOf } from '@bulkhead/client';
import { type CommandGroup, command, given } from '../command.ts';
import { download } from '../download.ts';
import { option } from '../option.ts';
import { followResources, openFolder } from './follow-resources.command.ts';

const connection = option.required(option.text('<id>', 'the connection of the resources'));
const type = 'the resource type';

/** The search parameters that choose resources. */
export const resourceFilters = {
  patient: option.repeated('<id>', 'only resources of this patient'),
  code: option.repeated('<code>', 'only resources with this code, such as http://loinc.org|4548-4'),
  category: option.repeated('<category>', 'only resources of this category'),
  status: option.repeated('<status>', 'only resources with this status'),
  date: option.repeated('<date>', 'only resources of this date, such as ge2026-01-01'),
  security: option.repeated('<label>', 'only resources with this label of meta.security, such as R for restricted'),
  lastUpdated: option.repeated('<time>', 'only resources that were changed then, such as gt2026-01-31T00:00:00Z'),
};

/** The stored resources. */
export const resources: CommandGroup = {
  name: 'resources',
  alias: 'resource',
  summary: 'the stored resources',
  commands: [
    command({
      name: 'get',
      summary: 'read resources as NDJSON, into a file for each type or to the standard output',
      options: {
        connection,
        types: option.required(option.list('<types>', 'comma-separated resource types')),
        ...resourceFilters,
        out: option.text('<folder>', 'the folder for the files (default: standard output)'),
      },
      examples: [
        'resources get --connection conn_1 --types Patient,Observation --out records',
        'resources get --connection conn_1 --types Observation --last-updated ge2026-01-31',
      ],
      async run(
        { api, provider, output, stdout },
        { connection: connectionId, types, out, security, lastUpdated, ...options },
      ) {
        const query = given({ connectionId, ...options, _security: security, _lastUpdated: lastUpdated });
        if (out !== undefined) openFolder(out);
        for (const name of types) {
          const answer = await api.GET('/api/ehr/{provider}/resources/{type}', {
            params: { path: { provider, type: name }, query },
            headers: { accept: 'application/fhir+ndjson' },
            parseAs: 'stream',
          });
          await download(answer, { stdout, file: out && join(out, `${name}.ndjson`) });
          output.printProgress(`${name} done`);
        }
      },
    }),
    command({
      name: 'search',
      summary: 'search resources of a type, and print a page of them',
      args: { type },
      options: {
        connection,
        ...resourceFilters,
        limit: option.wholeNumber('<n>', 'maximum number of resources'),
        cursor: option.text('<cursor>', 'continue after an earlier page'),
      },
      examples: [
        'resources search Observation --connection conn_1 --patient patient_1 --date ge2026-01-01',
        'resources search Observation --connection conn_1 --date ge2026-01-01 --date lt2026-02-01',
      ],
      async run({ api, provider, output, stdout }, { type: name, connection: connectionId, ...options }) {
        const { security, lastUpdated, limit, cursor, ...others } = options;
        const paging = { _security: security, _lastUpdated: lastUpdated, _count: limit, _cursor: cursor };
        const params = { path: { provider, type: name }, query: given({ connectionId, ...others, ...paging }) };
        const path = '/api/ehr/{provider}/resources/{type}';
        // Parsing would change the text of numbers such as 1.50.
        if (output.json) return download(await api.GET(path, { params, parseAs: 'stream' }), { stdout });
        const data = answerOf(await api.GET(path, { params }));
        const found = (data.entry ?? []).map(({ resource }) => resource);
        output.printRows(found, {
          columns: {
            id: ({ id }) => id,
            status: ({ status }) => toText(status),
            code: ({ code }) => toText(code),
            labels: ({ meta }) => toLabels(meta),
            updated: ({ meta }) => toText((meta as { readonly lastUpdated?: unknown } | undefined)?.lastUpdated),
          },
          empty: `No resources match. Export them with: bulkhead export start --connection ${connectionId} --types ${name}`,
        });
        const next = nextCursor(data.link);
        if (next) output.printNext(next);
      },
    }),
    followResources,
  ],
};

function nextCursor(links: readonly { readonly relation: string; readonly url: string }[]): string | null {
  const next = links.find(({ relation }) => relation === 'next');
  return next ? new URL(next.url).searchParams.get('_cursor') : null;
}

/** Shows a code, a CodeableConcept or another value of a resource, whose type depends on the type of the resource. */
function toText(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return value === undefined ? undefined : String(value);
  const { text: ownText, coding = [] } = value as {
    text?: string;
    coding?: readonly { display?: string; code?: string }[];
  };
  return ownText ?? coding[0]?.display ?? coding[0]?.code;
}

/** The labels of `meta.security`, such as `R` for restricted. */
function toLabels(meta: unknown): string | undefined {
  const { security } = (meta ?? {}) as { readonly security?: unknown };
  const codes = (Array.isArray(security) ? security : []).flatMap((label: { readonly code?: unknown } | null) =>
    typeof label?.code === 'string' ? [label.code] : [],
  );
  return codes.length === 0 ? undefined : codes.join(' ');
}
