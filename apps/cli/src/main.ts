#!/usr/bin/env node
import { runProgram } from './create-program.ts';
import { exitCodes } from './exit-codes.ts';

const { stdin, stdout, stderr, env, argv } = process;

/** A reader such as `head` closes the pipe when it has read enough. This is not an error. */
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCodes.ok);
});

process.exitCode = await runProgram(argv.slice(2), { stdin, stdout, stderr, env, fetch });
