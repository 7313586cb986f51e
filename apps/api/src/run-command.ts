import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { AppError } from '@bulkhead/domain';
import { EnvError } from '@bulkhead/runtime';
import { createStore, type Store } from '@bulkhead/store';
import type { z } from 'zod';
import { type ApiConfig, readApiConfig, storeOptions } from './env.ts';

interface Command<Schema extends z.ZodType> {
  /** One line, for whoever gave other arguments. */
  readonly usage: string;
  readonly options: ParseArgsOptionsConfig;
  /** Of what `parseArgs` makes of them. */
  readonly schema: Schema;
  /** @returns the exit code. */
  readonly run: (options: {
    readonly args: z.output<Schema>;
    readonly store: Store;
    readonly config: ApiConfig;
  }) => Promise<number>;
}

class UsageError extends Error {}

/** A command of an operator. What was wrong is said in one message; a stack is for what nobody expected. */
export async function runCommand<Schema extends z.ZodType>(command: Command<Schema>): Promise<void> {
  try {
    const args = readArguments(command);
    const config = readApiConfig(process.env);
    const store = createStore(storeOptions(config));
    await store.connect();
    try {
      process.exitCode = await command.run({ args, store, config });
    } finally {
      await store.close();
    }
  } catch (error) {
    console.error(describe(error));
    process.exitCode = 1;
  }
}

function readArguments<Schema extends z.ZodType>({ usage, options, schema }: Command<Schema>): z.output<Schema> {
  const result = schema.safeParse(readValues({ usage, options }));
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `  - ${path.join('.')}: ${message}`);
  throw new UsageError([`usage: ${usage}`, ...faults].join('\n'));
}

function readValues({ usage, options }: Pick<Command<z.ZodType>, 'usage' | 'options'>): unknown {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new UsageError(`usage: ${usage}\n  - ${(error as Error).message}`);
  }
}

function describe(error: unknown): unknown {
  if (error instanceof EnvError || error instanceof UsageError) return error.message;
  if (!(error instanceof AppError)) return error;
  const { details } = error.context as { details?: readonly { readonly path: string; readonly message: string }[] };
  return [error.message, ...(details ?? []).map(({ path, message }) => `  - ${path}: ${message}`)].join('\n');
}
