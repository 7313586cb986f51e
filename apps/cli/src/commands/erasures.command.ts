import { answerOf, type components } from '@bulkhead/client';
import { type CommandGroup, command, given } from '../command.ts';
import { confirm } from '../confirm.ts';
import { option, pages, yes } from '../option.ts';
import { toErrorText, toWarningText } from '../output/coded-text.ts';
import { toFields, toSummary } from '../output/output.ts';

type Amounts = components['schemas']['DataAmounts'];
type Erasure = components['schemas']['Erasure'];

const ofPatient = option.required(option.text('<id>', 'the connection of the patient'));

/** Deletions on request. */
export const erasures: CommandGroup = {
  name: 'erasures',
  alias: 'erasure',
  summary: 'deletions of connections and patients',
  commands: [
    command({
      name: 'list',
      summary: 'list erasures, newest first',
      options: {
        connection: option.ofConnection('erasures'),
        ...pages('erasures', 100),
      },
      examples: ['erasures list', 'erasures list --connection conn_1'],
      async run({ api, output }, { connection: connectionId, limit, cursor }) {
        const query = given({ limit, connectionId, cursor });
        output.printList(await api.GET('/api/ehr/erasures', { params: { query } }), {
          columns: {
            id: 'id',
            what: 'kind',
            connection: 'connectionId',
            phase: 'phase',
            deleted: ({ deleted }) => total(deleted),
            by: 'requestedBy',
            since: 'createdAt',
          },
          empty: 'No erasures. Erase a patient with: bulkhead patients erase ID --connection ID',
        });
      },
    }),
    command({
      name: 'show',
      summary: 'show the progress of an erasure and what it deleted',
      args: { id: 'the id of the erasure' },
      examples: ['erasures show erase_1'],
      async run({ api, output }, { id }) {
        output.printAnswer(await api.GET('/api/ehr/erasures/{id}', { params: { path: { id } } }), summarize);
      },
    }),
    command({
      name: 'confirm-stopped',
      summary: 'confirm that a process for which an erasure waits no longer exists',
      args: { id: 'the id of the erasure' },
      options: { process: option.required(option.text('<id>', 'the id of the process, see erasures show')) },
      examples: ['erasures confirm-stopped erase_1 --process process_1'],
      async run({ api, output }, { id, process: processId }) {
        const path = '/api/ehr/erasures/{id}/confirm-stopped';
        output.printAnswer(await api.POST(path, { params: { path: { id } }, body: { processId } }), summarize);
      },
    }),
  ],
};

export const patients: CommandGroup = {
  name: 'patients',
  alias: 'patient',
  summary: 'erase a patient',
  commands: [
    command({
      name: 'erase',
      summary: 'delete all stored data of a patient',
      args: { id: 'the id of the Patient at the EHR' },
      options: {
        connection: ofPatient,
        dryRun: option.flag('only count the data'),
        keepOut: option.flag('do not store the patient again'),
        yes,
      },
      examples: [
        'patients erase patient_1 --connection conn_1 --dry-run',
        'patients erase patient_1 --connection conn_1 --keep-out --yes',
      ],
      async run(context, { id: patientId, connection: id, dryRun = false, keepOut = false, yes: isConfirmed }) {
        const { api, output } = context;
        const path = { id, patientId };
        if (dryRun || !isConfirmed) {
          const counted = await api.GET('/api/ehr/connections/{id}/patients/{patientId}/data', { params: { path } });
          output.printAnswer(counted, toAmountsText);
        }
        if (dryRun) return;
        await confirm(context, {
          yes: isConfirmed,
          what: `permanently delete all of this data of patient ${patientId}`,
          done: 'deleted',
          phrase: patientId,
        });
        const query = { keepOut: keepOut ? ('true' as const) : ('false' as const) };
        const params = { path, query };
        output.printAnswer(await api.DELETE('/api/ehr/connections/{id}/patients/{patientId}', { params }), 'id');
      },
    }),
    command({
      name: 'let-in',
      summary: 'store an erased patient again if the EHR sends them',
      args: { id: 'the id of the Patient at the EHR' },
      options: { connection: ofPatient },
      examples: ['patients let-in patient_1 --connection conn_1'],
      async run({ api }, { id: patientId, connection: id }) {
        const params = { path: { id, patientId } };
        answerOf(await api.DELETE('/api/ehr/connections/{id}/kept-out-patients/{patientId}', { params }));
      },
    }),
  ],
};

/** Deletions because of age. */
export const retention = command({
  name: 'retention',
  summary: 'show how many records of each kind were deleted because of their age',
  examples: ['retention'],
  async run({ api, output }) {
    output.printList(await api.GET('/api/ehr/retention'), {
      columns: {
        kind: 'kind',
        'kept days': 'keptDays',
        deleted: 'deleted',
        'last run': 'startedAt',
        ended: ({ endedAt }) => endedAt ?? 'running',
      },
      empty: 'The workers have not looked for old records yet. Check the workers with: bulkhead doctor',
    });
  },
});

export function toAmountsText({ resources, records, contentBytes }: Amounts): string {
  return toFields({ ...resources, ...records, contentBytes });
}

function summarize({ id, phase, found, deleted, warnings, error, ...erasure }: Erasure): string {
  return toSummary({
    headline: `${id}  erasure of a ${erasure.kind}`,
    fields: {
      phase,
      connection: erasure.connectionId,
      patient: erasure.patientId,
      'kept out': erasure.keepsOut,
      found: found && total(found),
      deleted: total(deleted),
      by: erasure.requestedBy,
      created: erasure.createdAt,
      completed: erasure.completedAt,
      error: error && toErrorText(error),
    },
    lists: {
      'Waits for': (erasure.waitsFor ?? []).map(
        ({ id: process, kind, host, pid, reportedAt }) =>
          `${process}  ${kind} ${host}:${pid}, last report ${reportedAt}`,
      ),
      Warnings: warnings.map(toWarningText),
    },
  });
}

function total({ resources, records }: Amounts): number {
  return Object.values({ ...resources, ...records }).reduce((sum, count) => sum + count, 0);
}
