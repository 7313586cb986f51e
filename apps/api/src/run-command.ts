import { AppError } from '@bulkhead/domain';
import { EnvError } from '@bulkhead/runtime';
import { createStore, type Store } from '@bulkhead/store';
import { type ApiConfig, readApiConfig, storeOptions } from './env.ts';

interface Command<Arguments> {
  /** One line, for whoever gave other arguments. */
  readonly usage: string;
  /** @returns undefined for arguments that make no sense; may throw what `parseArgs` throws. */
  readonly readArguments: () => Arguments | undefined;
  /** @returns the exit code. */
  readonly run: (options: {
    readonly args: Arguments;
    readonly store: Store;
    readonly config: ApiConfig;
  }) => Promise<number>;
}

/** A command of an operator. What was wrong is said in one message; a stack is for what nobody expected. */
export async function runCommand<Arguments>(command: Command<Arguments>): Promise<void> {
  try {
    const args = readOrUndefined(command.readArguments);
    if (args === undefined) throw new EnvError([`usage: ${command.usage}`]);
    const config = readApiConfig(process.env);
    const store = createStore(storeOptions(config));
    await store.connect();
    try {
      process.exitCode = await command.run({ args, store, config });
    } finally {
      await store.close();
    }
  } catch (error) {
    const isExpected = error instanceof EnvError || error instanceof AppError;
    console.error(isExpected ? error.message : error);
    process.exitCode = 1;
  }
}

function readOrUndefined<Arguments>(read: () => Arguments | undefined): Arguments | undefined {
  try {
    return read();
  } catch (error) {
    if (String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS')) return undefined;
    throw error;
  }
}
