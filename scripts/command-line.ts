import { type ParseArgsConfig, parseArgs } from 'node:util';
import { maxSeed } from './random.ts';

/** Runs a program and exits with its code. An error is shown without its stack, because a user reads it. */
export async function runProgram(main: (args: readonly string[]) => Promise<number>): Promise<never> {
  try {
    process.exit(await main(process.argv.slice(2)));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

/** Calls back for each signal with which a user or the system ends a program. */
export function onInterrupt(callback: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, callback);
}

/**
 * Calls `parseArgs` and adds the usage to its errors. With `--help` it prints the usage and ends the process.
 *
 * @throws Error with the fault and the usage
 */
export function parseCommandLine<Config extends ParseArgsConfig>(config: Config, usage: string) {
  if (config.args?.includes('--help')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${usage}`);
  }
}

/** Reads a whole number from an option's text. @throws Error with the fault and the usage */
export function readWholeNumber(options: {
  readonly name: string;
  readonly text: string;
  readonly min: number;
  readonly max: number;
  readonly usage: string;
}): number {
  const { name, text, min, max, usage } = options;
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`--${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}\n${usage}`);
}

/** @param options.text undefined for a new seed @throws Error with the fault and the usage */
export function readSeed({ usage, text }: { readonly usage: string; readonly text: string | undefined }): number {
  const seed = text ?? String(Math.floor(Math.random() * maxSeed));
  return readWholeNumber({ usage, name: 'seed', text: seed, min: 0, max: maxSeed });
}
