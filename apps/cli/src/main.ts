#!/usr/bin/env node
import { CommanderError } from 'commander';
import { createProgram } from './create-program.ts';
import { CliError, exitCodes } from './exit-codes.ts';
import { toTerminalJson, toTerminalText } from './terminal-text.ts';
import { toCliError } from './to-cli-error.ts';

const { stdout, stderr, env, argv } = process;
const program = createProgram({ stdout, stderr, env });
// Keep commander from exiting, because this program chooses the exit code.
program.exitOverride();
for (const command of program.commands) exitOverrideAll(command);

/** A reader such as `head` closes the pipe when it has read enough. This is not an error. */
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCodes.ok);
});

try {
  await program.parseAsync(argv);
} catch (error) {
  process.exitCode = reportError(toCliError(error));
}

/** @returns the exit code */
function reportError(error: unknown): number {
  // Commander has already printed its error. It also throws for --help and --version, which are not errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (!(error instanceof CliError)) throw error;
  stderr.write(
    program.opts<{ json?: boolean }>().json && error.error !== undefined
      ? `${toTerminalJson({ error: error.error })}\n`
      : `${toTerminalText(error.message)}\n`,
  );
  return error.exitCode;
}

function exitOverrideAll(command: (typeof program.commands)[number]): void {
  command.exitOverride();
  for (const subcommand of command.commands) exitOverrideAll(subcommand);
}
