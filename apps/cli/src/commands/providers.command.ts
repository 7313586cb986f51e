import { answerOf } from '@bulkhead/client';
import { type CommandGroup, command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { yes } from '../option.ts';
import { asSentBy } from '../output/report-error.ts';
import { readJsonFile } from '../read-json-file.ts';

const id = 'the id of the provider';
const inUse = 'All processes use it within some seconds.';

/** The EHR vendors that connections can use. */
export const providers: CommandGroup = {
  name: 'providers',
  alias: 'provider',
  summary: 'the EHR vendors that connections can use, with their settings',
  commands: [
    command({
      name: 'list',
      summary: 'list the providers, with the endpoints of their environments',
      examples: ['providers list'],
      async run({ api, output }) {
        output.printList(await api.GET('/api/ehr/providers'), {
          columns: {
            id: 'id',
            name: 'name',
            endpoints: ({ fhirEndpoints }) => Object.values(fhirEndpoints).join(' '),
            'practice id': ({ usesPracticeId }) => (usesPracticeId ? 'needed for exports' : ''),
          },
          empty: 'No providers.',
        });
      },
    }),
    command({
      name: 'show',
      summary: 'show every setting of a provider, as JSON',
      args: { id },
      examples: ['providers show athenahealth'],
      async run({ api, output }, path) {
        const { data } = answerOf(await api.GET('/api/ehr/providers/{id}', { params: { path } }));
        output.print(data, () => JSON.stringify(data.settings, undefined, 2));
      },
    }),
    command({
      name: 'set',
      summary: 'add a provider, or replace what is stored of its settings',
      args: { id, file: 'a JSON file with the fields of docs/providers.md' },
      examples: ['providers set my-server my-server.json'],
      async run({ api, output }, { id: provider, file }) {
        const init = { params: { path: { id: provider } }, body: readJsonFile(file) as Record<string, unknown> };
        const answer = await api.PUT('/api/ehr/providers/{id}', init);
        asSentBy(() => output.printAnswer(answer, () => `Stored. ${inUse}`));
      },
    }),
    command({
      name: 'remove',
      summary: 'remove what is stored of a provider; one that is built in is then as it was',
      args: { id },
      options: { yes },
      examples: ['providers remove my-server --yes'],
      async run(context, { id: provider, yes: isConfirmed }) {
        const what = `remove what is stored of the provider ${provider}`;
        await confirm(context, { yes: isConfirmed, what, done: 'removed' });
        answerOf(await context.api.DELETE('/api/ehr/providers/{id}', { params: { path: { id: provider } } }));
      },
    }),
  ],
};
