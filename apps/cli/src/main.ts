#!/usr/bin/env node
import { CommanderError } from 'commander';
import { createProgram } from './create-program.ts';
import { CliError, exitCodes } from './exit-codes.ts';
import { toTerminalJson, toTerminalText } from './terminal-text.ts';
import { toCliError } from './to-cli-error.ts';

const { stdout, stderr, env, argv } = process;
const program = createProgram({ stdout, stderr, env });
// Not yet: the exit code is ours to choose.
program.exitOverride();
for (const command of program.commands) exitOverrideAll(command);

/** A reader that has seen enough, such as `head`, closes the pipe: nothing is wrong with that. */
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCodes.ok);
});

try {
  await program.parseAsync(argv);
} catch (error) {
  process.exitCode = tell(toCliError(error));
}

function tell(error: unknown): number {
  // Commander has said what is wrong; help and version are no error.
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
  for (const one of command.commands) exitOverrideAll(one);
}
