import type { components } from '@bulkhead/client';
import { type CommandGroup, command } from '../command.ts';
import type { Context } from '../context.ts';
import { CliError } from '../exit-codes.ts';
import { option } from '../option.ts';
import { patientOptions, patientsFor } from '../patient-list.ts';

type Cohort = components['schemas']['Cohort'];

const path = '/api/ehr/connections/{id}/cohorts/{name}';
const name = 'the name of the cohort';
const ofConnection = { connection: option.required(option.text('<id>', 'the connection of the patients')) };

/** Named lists of patients. */
export const cohorts: CommandGroup = {
  name: 'cohorts',
  alias: 'cohort',
  summary: 'named lists of patients, for exports and schedules',
  commands: [
    command({
      name: 'list',
      summary: 'list the cohorts of a connection',
      options: ofConnection,
      examples: ['cohorts list --connection conn_1'],
      async run({ api, output }, { connection: id }) {
        output.printList(await api.GET('/api/ehr/connections/{id}/cohorts', { params: { path: { id } } }), {
          columns: { name: 'name', patients: 'count', changed: 'changedAt' },
          empty: 'No cohorts. Add one with: bulkhead cohorts set NAME --connection ID --patients-file FILE',
        });
      },
    }),
    command({
      name: 'set',
      summary: 'add a cohort, or replace its patients',
      args: { name },
      options: { ...ofConnection, ...patientOptions },
      examples: [
        'cohorts set diabetes --connection conn_1 --patients-file patients.txt',
        'cohorts set diabetes --connection conn_1 --patients p1,p2',
      ],
      async run({ api, output }, { name: cohort, connection: id, ...lists }) {
        const params = { path: { id, name: cohort } };
        output.printAnswer(await api.PUT(path, { params, body: { patients: requiredPatients(lists) } }), toText);
      },
    }),
    changing({ name: 'add', summary: 'add patients to a cohort' }),
    changing({ name: 'remove', summary: 'remove patients from a cohort' }),
  ],
};

function changing({ name: verb, summary }: { readonly name: 'add' | 'remove'; readonly summary: string }) {
  return command({
    name: verb,
    summary,
    args: { name },
    options: { ...ofConnection, ...patientOptions },
    examples: [`cohorts ${verb} diabetes --connection conn_1 --patients p3`],
    async run({ api, output }: Context, { name: cohort, connection: id, ...lists }) {
      const params = { path: { id, name: cohort } };
      output.printAnswer(await api.PATCH(path, { params, body: { [verb]: requiredPatients(lists) } }), toText);
    },
  });
}

function requiredPatients(lists: Parameters<typeof patientsFor>[0]): string[] {
  const patients = patientsFor(lists, { of: 'cohort' });
  if (patients && patients.length > 0) return patients;
  throw new CliError('usage', 'Name the patients with --patients or with --patients-file.');
}

function toText({ name: cohort, count }: Cohort): string {
  return `${cohort}  ${count} ${count === 1 ? 'patient' : 'patients'}`;
}
