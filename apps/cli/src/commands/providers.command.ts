import { answerOf } from '@bulkhead/client';
import { type CommandGroup, command } from '../command.ts';

const id = 'the id of the provider';

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
  ],
};
