#!/usr/bin/env node
import { runProgram } from './create-program.ts';
import { exitCodes } from './exit-codes.ts';
import { reportError } from './output/report-error.ts';

const { stdin, stdout, stderr, env, argv } = process;

/** A reader such as `head` closes the pipe when it has read enough. This is not an error, and does not hide one. */
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? exitCodes.ok);
  process.exit(reportError(error, { stderr, json: argv.includes('--json') }));
});

process.exitCode = await runProgram(argv.slice(2), { stdin, stdout, stderr, env, fetch });
