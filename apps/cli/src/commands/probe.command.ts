import { writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { answerOf, type components } from '@bulkhead/client';
import { command } from '../command.ts';
import { confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { CliError } from '../exit-codes.ts';
import { option, yes } from '../option.ts';
import { type Columns, toTable } from '../output/output.ts';
import { readJsonFile } from '../read-json-file.ts';

type Probe = components['schemas']['Probe'];

const columns: Columns<components['schemas']['FactRow']> = {
  fact: 'title',
  value: ({ value = 'unknown', known, differs }) => (differs ? `${value} (known: ${known})` : value),
  how: 'how',
};
/** Of a terminal of 80 characters. */
const widths = [24, 18, 34];

/** A probe takes some minutes at an EHR that keeps the limit of the guide. */
const pollMs = 1000;

const apply = command({
  name: 'apply',
  summary: 'apply a file of facts to its provider, in all processes',
  args: { file: 'a file that "bulkhead probe" has written' },
  examples: ['probe apply facts.json'],
  async run(context, { file }) {
    const applied = await applyFacts(context, readJsonFile(file));
    context.output.print(applied, () => appliedText(applied));
  },
});

export const probe = command({
  name: 'probe',
  summary: 'measure what the EHR of a connection does, and write a file of facts without data of patients',
  args: { connection: 'the id of the connection' },
  options: {
    out: option.text('<file>', 'write the facts to this file, as JSON'),
    apply: option.flag('apply the facts to the provider when the probe has ended'),
    yes,
  },
  examples: ['probe conn_1 --yes --out facts.json', ...apply.examples],
  commands: [apply],
  async run(context, { connection: id, out, apply: isApplied, yes: isConfirmed }) {
    const { api, output } = context;
    const params = { path: { id } };
    const { plan } = answerOf(await api.GET('/api/ehr/connections/{id}/probe', { params })).data;
    const what = `send at most ${plan.requests} requests to the EHR of ${id}, and start and delete at most ${plan.exports} exports`;
    await confirm(context, { yes: isConfirmed, what, done: 'sent' });
    let state = answerOf(await api.POST('/api/ehr/connections/{id}/probe', { params, body: {} })).data;
    while (state.probe && state.probe.endedAt === undefined) {
      await setTimeout(pollMs);
      state = answerOf(await api.GET('/api/ehr/connections/{id}/probe', { params })).data;
      const { used } = state.probe ?? {};
      if (used) output.printProgress(`${used.requests} requests, ${used.exports} exports`);
    }
    const ended = state.probe as Probe;
    output.print(ended, () => toTable(ended.rows, columns, widths));
    if (out !== undefined) writeFileSync(out, `${JSON.stringify(ended.file, undefined, 2)}\n`);
    if (ended.phase !== 'completed')
      throw new CliError(
        'failed',
        `The probe is ${ended.phase}. ${ended.error?.message ?? 'Its facts are not complete. Start it again.'}`,
      );
    if (isApplied) output.printProgress(appliedText(await applyFacts(context, ended.file)));
  },
});

async function applyFacts({ api }: Context, file: unknown) {
  // The API checks the file, and names each fault with its path.
  const body = file as components['schemas']['Probe']['file'] & object;
  return answerOf(await api.PUT('/api/ehr/provider-facts', { body })).data;
}

function appliedText({ provider, environment }: components['schemas']['AppliedFacts']): string {
  return `Applied to ${provider}, ${environment}. All processes use the facts within some seconds.`;
}
