import { Argument, Command } from 'commander';
import { addAudit } from './commands/audit.command.ts';
import { addConnections } from './commands/connections.command.ts';
import { addDoctor } from './commands/doctor.command.ts';
import { addErasures } from './commands/erasures.command.ts';
import { addExport } from './commands/export.command.ts';
import { addKeys } from './commands/keys.command.ts';
import { addQuarantine, addResources } from './commands/records.command.ts';
import { addSchedules } from './commands/schedules.command.ts';
import { addSync } from './commands/sync.command.ts';
import { completionFor, type Shell, shells } from './completion.ts';
import { addGlobalOptions, type Environment } from './context.ts';
import { exitCodes } from './exit-codes.ts';

/** Creates the `bulkhead` command with all of its subcommands. */
export function createProgram(environment: Environment): Command {
  const program = addGlobalOptions(new Command('bulkhead'), environment)
    .description('Imports the complete patient records of a practice from athenahealth and keeps them current.')
    .version('0.1.0')
    .addHelpText(
      'after',
      `\nExit codes: ${Object.entries(exitCodes)
        .map(([name, code]) => `${code} ${name}`)
        .join(', ')}.`,
    );
  for (const add of [
    addConnections,
    addKeys,
    addExport,
    addSync,
    addSchedules,
    addQuarantine,
    addResources,
    addErasures,
    addAudit,
    addDoctor,
  ]) {
    add(program, environment);
  }
  program
    .command('completion')
    .description('print shell completion; use it with eval "$(bulkhead completion bash)"')
    .addArgument(new Argument('<shell>').choices(shells))
    .action((shell: Shell) => {
      environment.stdout.write(`${completionFor({ program, shell })}\n`);
    });
  return program;
}
