import { answerOf, type components } from '@bulkhead/client';
import { type CommandGroup, command, given } from '../command.ts';
import type { Context } from '../context.ts';
import { download } from '../download.ts';
import { CliError } from '../exit-codes.ts';
import { option, pages } from '../option.ts';
import { toFields } from '../output/output.ts';

type Event = components['schemas']['AuditEvent'];
type Check = components['schemas']['AuditCheck'];

type VerifyOptions = Readonly<Record<'expectHead', string | undefined>>;

const filters = {
  patient: option.text('<id>', 'only requests that showed this patient, or may have'),
  connection: option.ofConnection('events'),
  actor: option.text('<id>', 'only events of this API key or client, `command:<user>` or `nobody`'),
  action: option.text('<action>', 'only events of this action, such as resource.read'),
  outcome: option.choice('<outcome>', {
    of: ['success', 'unchanged', 'refused', 'failed'],
    description: 'only events with this outcome',
  }),
  from: option.instant('start of the period, such as 2026-01-31 or 2026-01-31T00:00:00Z'),
  to: option.instant('end of the period, exclusive'),
};

/** The audit log, for operators. */
export const audit: CommandGroup = {
  name: 'audit',
  summary: 'the audit log: who did what',
  commands: [
    command({
      name: 'list',
      summary: 'list audit events, newest first',
      options: { ...filters, ...pages('events', 100) },
      examples: ['audit list --patient patient_1 --from 2026-01-31T00:00:00Z', 'audit list --action resource.read'],
      async run({ api, output }, { connection: connectionId, ...options }) {
        const query = given({ ...options, connectionId });
        output.printList(await api.GET('/api/ehr/audit-events', { params: { query } }), {
          columns: {
            at: 'at',
            who: whoOf,
            what: 'action',
            outcome: ({ outcome, code }) => code ?? outcome,
            patients: ({ patients = [] }) => patients.join(','),
            'on what': ({ target }) => Object.values(target).join(' '),
          },
          empty: 'No audit events match. Leave out an option to see more of them.',
        });
      },
    }),
    command({
      name: 'download',
      summary: 'download all audit events that match, newest first',
      options: {
        ...filters,
        format: option.withDefault(
          option.choice('<format>', {
            of: ['csv', 'ndjson'],
            description: 'csv for a spreadsheet, or an event as JSON on each line',
          }),
          'csv',
        ),
        out: option.text('<file>', 'the file to write (default: standard output)'),
      },
      examples: [
        'audit download --patient patient_1 --out audit-events.csv',
        'audit download --format ndjson --from 2026-01-31T00:00:00Z --out audit-events.ndjson',
      ],
      async run({ api, stdout }, { connection: connectionId, out: file, ...options }) {
        const query = given({ ...options, connectionId });
        const params = { query };
        await download(await api.GET('/api/ehr/audit-events/download', { params, parseAs: 'stream' }), {
          stdout,
          file,
        });
      },
    }),
    command({
      name: 'verify',
      summary: 'verify that no event was changed or added after it was written, and none before the newest was removed',
      options: {
        expectHead: option.text(
          '<head>',
          'check that the log still contains this head, which an earlier verification printed',
        ),
      },
      examples: ['audit verify', 'audit verify --expect-head 4711:8c6f1a'],
      async run(context, options) {
        const { fault, ...report } = await verify(context, options);
        context.output.print({ ...report, ...(fault ? { fault } : {}) }, () => toFields(report));
        if (options.expectHead === undefined)
          context.output.printProgress(
            'No kept head was compared, so this does not show whether the newest events, or all of them, were removed. Workers log a head each hour ("audit head"): pass one with --expect-head.',
          );
        if (fault) {
          const { sequence = fault.eventId, message } = fault;
          throw new CliError('failed', `Event ${sequence}: ${message}`);
        }
      },
    }),
  ],
};

/** A client can have the same name as a key. */
function whoOf({ actor: { kind, id, name = id } }: Event): string {
  return kind === 'client' ? `${name} (client)` : name;
}

/** The API verifies a part of the chain per request, so that no request takes long. */
async function verify({ api, output }: Context, { expectHead: expectedHead }: VerifyOptions) {
  let checked = 0;
  let oldest: Check['oldest'];
  for (let cursor: string | undefined; ; ) {
    const query = given({ cursor, expectedHead });
    const { data } = answerOf(await api.GET('/api/ehr/audit-events/verification', { params: { query } }));
    checked += data.checked;
    oldest ??= data.oldest;
    const { fault, last, next } = data;
    if (next !== undefined) {
      output.printProgress(`${checked} events`);
      cursor = next;
      continue;
    }
    return {
      checked,
      ...(oldest ? { from: `${oldest.sequence}, written ${oldest.at}` } : {}),
      ...(last ? { head: `${last.sequence}:${last.hash}` } : {}),
      ...(fault ? { fault } : {}),
    };
  }
}
