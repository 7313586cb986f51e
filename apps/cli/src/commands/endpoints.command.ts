import { answerOf, type components } from '@bulkhead/client';
import { type CommandGroup, command } from '../command.ts';
import { confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { loadBundles } from '../endpoint-list/load-bundles.ts';
import { type EndpointList, readEndpoints } from '../endpoint-list/read-endpoints.ts';
import { CliError } from '../exit-codes.ts';
import { option, yes } from '../option.ts';
import { toNamed } from '../output/for-people.ts';
import { toTable } from '../output/output.ts';
import { asSentBy } from '../output/report-error.ts';

type Details = components['schemas']['ProviderDetails'];

const list = option.text('<file or URL>', 'the list, a FHIR Bundle (default: the one that the vendor publishes)');

/** The FHIR endpoints that vendors publish. Nothing of a list is kept but the hosts that may get credentials. */
export const endpoints: CommandGroup = {
  name: 'endpoints',
  alias: 'endpoint',
  summary: 'the FHIR endpoints that a vendor publishes for its customers',
  commands: [
    command({
      name: 'search',
      summary: "find a practice's FHIR endpoint by words of its name",
      args: { text: 'words of the name' },
      options: { list, limit: option.withDefault(option.wholeNumber('<n>', 'maximum number of endpoints'), 20) },
      examples: ['--provider epic endpoints search "general hospital" --list brands.json'],
      async run(context, { text, list: source, limit }) {
        const { details, published } = await read(context, source);
        const words = text.toLowerCase().split(/\s+/);
        const isMatch = (name: string) => words.every((word) => name.toLowerCase().includes(word));
        const found = published.endpoints.filter(({ names }) => names.some(isMatch));
        const rows = found.slice(0, limit).map(({ url, names }) => ({
          url,
          name: names.find(isMatch),
          isAllowed: allowedHosts(details).some((host) => matches(new URL(url).hostname, host)),
        }));
        context.output.print(rows, () =>
          rows.length === 0
            ? `No endpoint of the list has a name with these words. It has ${published.endpoints.length} endpoints.`
            : toTable(rows, {
                name: 'name',
                'FHIR endpoint': 'url',
                allowed: ({ isAllowed }) => (isAllowed ? 'yes' : 'import the list first'),
              }),
        );
        if (found.length > limit) context.output.printProgress(`${found.length - limit} more. Use more words.`);
      },
    }),
    command({
      name: 'import',
      summary: 'allow connections at the hosts of a list, and show first what would change',
      options: {
        list,
        prune: option.flag('forbid the hosts that the list no longer has'),
        dryRun: option.flag('only show what would change'),
        yes,
      },
      examples: [
        '--provider epic endpoints import --list brands.json --dry-run',
        '--provider epic endpoints import --list brands.json --prune --yes',
      ],
      async run(context, { list: source, prune, dryRun, yes: isConfirmed }) {
        const { api, output, provider: id } = context;
        const { details, published } = await read(context, source);
        const hosts = new Set(published.endpoints.map(({ url }) => new URL(url).hostname));
        if (hosts.size === 0) throw new CliError('failed', 'The list has no FHIR endpoint that can be used.');
        const allowed = allowedHosts(details);
        const added = [...hosts].filter((host) => !allowed.some((pattern) => matches(host, pattern)));
        const before = (details.settings.endpointHosts ?? []) as string[];
        // A pattern is the decision of an operator, or of the built-in entry.
        const removed = prune ? before.filter((host) => !host.startsWith('*.') && !hosts.has(host)) : [];
        const plan = { endpoints: published.endpoints.length, skipped: published.skipped, added, removed };
        output.print(plan, () => toText(plan));
        if (dryRun || added.length + removed.length === 0) return;
        const what = `let credentials of ${id} go to ${added.length} more hosts, and to ${removed.length} no longer`;
        await confirm(context, { yes: isConfirmed, what, done: 'changed' });
        const endpointHosts = [...before.filter((host) => !removed.includes(host)), ...added];
        const params = { path: { id }, query: { version: details.version } };
        const init = { params, body: { ...details.entry, endpointHosts } };
        const answer = await api.PUT('/api/ehr/providers/{id}', init);
        asSentBy(() => answerOf(answer));
        output.printProgress('Imported. All processes use it within some seconds.');
      },
    }),
  ],
};

async function read({ api, provider: id, output }: Context, source: string | undefined) {
  const { data: details } = answerOf(await api.GET('/api/ehr/providers/{id}', { params: { path: { id } } }));
  const from = source ?? details.settings.endpointList;
  if (typeof from !== 'string')
    throw new CliError(
      'usage',
      `It is not known where ${details.name} publishes its endpoints. Pass a list with --list.`,
    );
  output.printProgress(`Reading ${from}`);
  return { details, published: readEndpoints(await loadBundles(from)) };
}

/** The hosts, or patterns of hosts, of the provider's FHIR endpoints. */
function allowedHosts({ fhirEndpoints, settings }: Details): string[] {
  const ofEnvironments = Object.values(fhirEndpoints).map((url) => new URL(url).hostname);
  return [...ofEnvironments, ...((settings.endpointHosts ?? []) as string[])];
}

function matches(host: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;
}

function toText(plan: Pick<EndpointList, 'skipped'> & Record<'added' | 'removed', string[]> & { endpoints: number }) {
  const { endpoints: count, skipped, added, removed } = plan;
  return [
    `FHIR endpoints in the list: ${count}`,
    ...Object.entries(skipped).map(([reason, number]) => `left out, ${reason}: ${number}`),
    ...toNamed('hosts that would be allowed', added),
    ...toNamed('hosts that would no longer be allowed', removed),
  ].join('\n');
}
