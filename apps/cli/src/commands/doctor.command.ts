import { answerOf, type components } from '@bulkhead/client';
import type { Command } from 'commander';
import { addCommand } from '../add-command.ts';
import type { Context, Environment } from '../context.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { toTable } from '../output.ts';

type Check = components['schemas']['DiagnosisCheck'];

/** The `Date` header has a resolution of one second. Tokens and signatures tolerate about a minute. */
const maxSkewMs = 5000;

/** Diagnoses the deployment: the checks of the API, a test of each connection, and the clock of this machine. */
export function addDoctor(program: Command, environment: Environment): void {
  addCommand<{ readonly connections: boolean }>(program, {
    environment,
    definition: {
      usage: 'doctor',
      description: 'find problems and show what to do',
      options: (command) => command.option('--no-connections', 'do not test the connections, which uses a token each'),
      async run(context, _args, { connections }) {
        if (connections) await testAll(context);
        const answer = await context.api.GET('/api/ehr/diagnosis');
        const checks = [...answerOf(answer).data, clockCheck(answer.response)];
        context.output.print(checks, () =>
          toTable(checks, {
            check: ({ name }) => name,
            state: ({ state }) => state,
            found: ({ found }) => found,
            'what to do': ({ whatToDo }) => whatToDo ?? '',
          }),
        );
        const failed = checks.filter(({ state }) => state === 'failed').length;
        if (failed > 0) throw new CliError({ message: `${failed} checks failed.`, exitCode: exitCodes.failed });
      },
    },
  });
}

/** The diagnosis that follows contains the results of these tests. */
async function testAll({ api, output }: Context): Promise<void> {
  for (const { id } of answerOf(await api.GET('/api/ehr/connections')).data) {
    output.printProgress(`testing ${id}`);
    answerOf(await api.POST('/api/ehr/connections/{id}/test', { params: { path: { id } } }));
  }
}

function clockCheck({ headers }: Response): Check {
  const skewMs = Date.now() - Date.parse(headers.get('date') ?? '');
  const found = `the clock of this machine differs by ${Math.round(skewMs / 1000)} s from the API`;
  if (Math.abs(skewMs) <= maxSkewMs) return { name: 'clock', state: 'ok', found };
  return { name: 'clock', state: 'warning', found, whatToDo: 'Synchronize the clocks with NTP.' };
}
