import { readFileSync } from 'node:fs';
import { Argument, Command } from 'commander';
import { addDefinition, addGroup, type CommandDefinition, type CommandGroup } from './command.ts';
import { api } from './commands/api.command.ts';
import { audit } from './commands/audit.command.ts';
import { clients } from './commands/clients.command.ts';
import { cohorts } from './commands/cohorts.command.ts';
import { connections } from './commands/connections.command.ts';
import { doctor } from './commands/doctor.command.ts';
import { erasures, patients, retention } from './commands/erasures.command.ts';
import { bulkExports } from './commands/export.command.ts';
import { keys } from './commands/keys.command.ts';
import { probe } from './commands/probe.command.ts';
import { providers } from './commands/providers.command.ts';
import { quarantine } from './commands/quarantine.command.ts';
import { resources } from './commands/resources.command.ts';
import { schedules } from './commands/schedules.command.ts';
import { sessions } from './commands/sessions.command.ts';
import { sync } from './commands/sync.command.ts';
import { budgets, history, plan, status, whoami } from './commands/system.command.ts';
import { tables } from './commands/tables.command.ts';
import { completionFor, type Shell, shells } from './completion.ts';
import { addGlobalOptions, type Environment } from './context.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { reportError, throwErrors } from './output/report-error.ts';

export const groups: readonly CommandGroup[] = [
  connections,
  providers,
  bulkExports,
  sync,
  cohorts,
  schedules,
  resources,
  tables,
  quarantine,
  keys,
  sessions,
  clients,
  patients,
  erasures,
  audit,
];
export const singleCommands: readonly CommandDefinition[] = [
  probe,
  budgets,
  plan,
  history,
  retention,
  status,
  whoami,
  api,
  doctor,
];

/** Runs a command line. @param args without the names of node and of the program */
export async function runProgram(args: readonly string[], environment: Environment): Promise<ExitCode> {
  // Parsing can fail before it reaches the option.
  const json = args.includes('--json');
  try {
    await createProgram(environment, { json }).parseAsync(args, { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    return reportError(error, { stderr: environment.stderr, json });
  }
}

/** Creates the `bulkhead` command with all of its subcommands. */
export function createProgram(environment: Environment, { json = false } = {}): Command {
  const { stdout, stderr } = environment;
  const program = addGlobalOptions(new Command('bulkhead'), environment)
    .description('Imports the complete patient records of a practice from athenahealth and keeps them current.')
    .version(readVersion())
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      // Help that is printed because of an error.
      writeErr: (text) => void (json || stderr.write(text)),
    })
    .addHelpText(
      'after',
      `\nExit codes: ${Object.entries(exitCodes)
        .map(([name, code]) => `${code} ${name}`)
        .join(', ')}.`,
    );
  for (const group of groups) addGroup(program, { group, environment });
  for (const definition of singleCommands) addDefinition(program, { definition, environment });
  program
    .command('completion')
    .description('print shell completion; use it with eval "$(bulkhead completion bash)"')
    .addArgument(new Argument('<shell>', shells.join(', ')).choices(shells))
    .action((shell: Shell) => {
      stdout.write(`${completionFor({ program, shell })}\n`);
    });
  throwErrors(program);
  return program;
}

function readVersion(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}
