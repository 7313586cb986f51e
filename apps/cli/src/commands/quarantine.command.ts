import { readFileSync } from 'node:fs';
import { answerOf, type components, titleOf } from '@bulkhead/client';
import { type CommandGroup, command, emptyList, given } from '../command.ts';
import { confirm } from '../confirm.ts';
import { download } from '../download.ts';
import { CliError } from '../exit-codes.ts';
import { option, pages, yes } from '../option.ts';
import { toBytes } from '../output/for-people.ts';
import { toSummary } from '../output/output.ts';

type Line = components['schemas']['QuarantinedLine'];

const id = 'the id of the line';
const reason = option.text('<reason>', 'only lines with this reason, such as invalid-json');

/** The quarantine, which holds lines that could not be stored. */
export const quarantine: CommandGroup = {
  name: 'quarantine',
  summary: 'lines that could not be stored',
  commands: [
    command({
      name: 'list',
      summary: 'list quarantined lines with their positions and reasons',
      options: {
        run: option.text('<id>', 'only lines of this export or sync run'),
        connection: option.ofConnection('lines'),
        file: option.text('<id>', 'only lines of this file of an export'),
        reason,
        state: option.choice('<state>', {
          of: ['open', 'dismissed', 'replayed', 'withheld'],
          description: 'only lines with this state',
        }),
        ...pages('lines', 100),
      },
      examples: ['quarantine list --run job_1', 'quarantine list --connection conn_1 --state open'],
      async run({ api, output }, { run: runId, connection: connectionId, file: fileId, ...options }) {
        const { limit, cursor, ...others } = options;
        const filters = { runId, connectionId, fileId, ...others };
        const query = given({ limit, cursor, ...filters });
        output.printList(await api.GET('/api/ehr/quarantine', { params: { query } }), {
          columns: {
            id: 'id',
            type: 'resourceType',
            file: 'fileId',
            reason: ({ reason }) => titleOf('quarantine', reason),
            line: toPosition,
            bytes: 'sizeBytes',
            state: 'state',
          },
          empty: emptyList({
            names: 'quarantined lines',
            filters,
            none: 'No quarantined lines. Every line that an EHR sent could be stored.',
          }),
        });
      },
    }),
    command({
      name: 'groups',
      summary: 'count open lines by reason and run, the newest group first',
      options: { connection: option.ofConnection('lines'), ...pages('groups', 100) },
      examples: ['quarantine groups'],
      async run({ api, output }, { connection: connectionId, limit, cursor }) {
        const query = given({ connectionId, limit, cursor });
        output.printList(await api.GET('/api/ehr/quarantine/groups', { params: { query } }), {
          columns: {
            run: 'runId',
            reason: 'reason',
            what: ({ reason }) => titleOf('quarantine', reason),
            lines: 'count',
            connection: 'connectionId',
            last: 'lastAt',
          },
          empty: emptyList({ names: 'groups', filters: { connectionId }, none: 'No open lines.' }),
        });
      },
    }),
    command({
      name: 'dismiss',
      summary: 'mark the open lines of an export or a sync run as not needed; they keep their content',
      args: { run: 'the id of the export or the sync run' },
      options: { reason, yes },
      examples: ['quarantine dismiss job_1 --reason invalid-json --yes'],
      async run(context, { run: runId, reason: ofReason, yes: isConfirmed }) {
        const which = ofReason === undefined ? '' : ` with the reason ${ofReason}`;
        await confirm(context, {
          yes: isConfirmed,
          what: `dismiss the open lines of ${runId}${which}`,
          done: 'dismissed',
        });
        const body = given({ runId, reason: ofReason });
        context.output.printAnswer(
          await context.api.POST('/api/ehr/quarantine/dismiss', { body }),
          ({ count }) => `Dismissed ${count} lines.`,
        );
      },
    }),
    command({
      name: 'line',
      summary: 'print a line exactly as the EHR sent it',
      args: { id },
      examples: ['quarantine line file_1.42'],
      async run({ api, stdout }, { id: lineId }) {
        const params = { path: { id: lineId } };
        await download(await api.GET('/api/ehr/quarantine/{id}/line', { params, parseAs: 'stream' }), { stdout });
      },
    }),
    command({
      name: 'replay',
      summary: 'try to store a line again, unchanged or corrected',
      args: { id },
      options: { file: option.text('<file>', 'a file with the corrected line') },
      examples: ['quarantine replay file_1.42', 'quarantine replay file_1.42 --file line.json'],
      async run({ api, output }, { id: lineId, file }) {
        const answer = await api.POST('/api/ehr/quarantine/{id}/replay', {
          params: { path: { id: lineId } },
          // The bytes are sent unchanged, so that numbers keep their exact text.
          ...(file === undefined
            ? {}
            : { body: readFileSync(file), bodySerializer: (body: unknown) => body as Buffer }),
        });
        const { data } = answerOf(answer);
        output.print(data, () => summarize(data));
        if (data.state === 'open') throw new CliError('failed', whyOpen(data));
      },
    }),
  ],
};

function toPosition({ source, resourceType, line, offset }: Line): string | number {
  return source === 'sync' ? `${resourceType} page ${line} entry ${offset + 1}` : line;
}

function whyOpen({ id: lineId, replay }: Line): string {
  return replay
    ? `The line still cannot be stored: ${titleOf('quarantine', replay.reason ?? '')}. Correct it and send it with --file.`
    : `No worker has tried the line yet. See the result with: bulkhead api GET /api/ehr/quarantine/${lineId}`;
}

function summarize(line: Line): string {
  const { id: lineId, state, reason, replay } = line;
  return toSummary({
    headline: `${lineId}  ${state}`,
    fields: {
      reason: titleOf('quarantine', reason),
      connection: line.connectionId,
      [line.source === 'sync' ? 'sync' : 'export']: line.runId,
      line: toPosition(line),
      bytes: line.sizeBytes,
      kept: line.isTruncated ? toBytes(line.keptBytes) : undefined,
      sha256: line.sha256,
      created: line.createdAt,
      replayed: replay && [replay.at, replay.reason && titleOf('quarantine', replay.reason)].filter(Boolean).join(': '),
    },
    next: state === 'open' ? [`quarantine line ${lineId}`, `quarantine replay ${lineId} --file FILE`] : [],
  });
}
