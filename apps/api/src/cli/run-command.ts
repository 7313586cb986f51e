import { userInfo } from 'node:os';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import type { AuditActor, NewAuditEvent } from '@bulkhead/access';
import { createAuditStream } from '@bulkhead/access';
import { AppError, createLogger, EnvError, logLevel } from '@bulkhead/runtime';
import { isStoreUnavailable } from '@bulkhead/store';
import { createStore, type Store } from '@bulkhead/system';
import type { z } from 'zod';
import { readApiConfig, storeOptions } from '../env.ts';

interface Command<Schema extends z.ZodType> {
  /** As the audit log has it. */
  readonly name: string;
  /** One line, for whoever gave other arguments. */
  readonly usage: string;
  readonly options: ParseArgsOptionsConfig;
  /** Of what `parseArgs` makes of them. */
  readonly schema: Schema;
  readonly run: (options: { readonly args: z.output<Schema>; readonly store: Store }) => Promise<CommandEnd>;
}

export interface CommandEnd {
  readonly exitCode: number;
  /** Ids of what it was done to. */
  readonly target?: Readonly<Record<string, string>>;
}

class UsageError extends Error {}

/** A command of an operator. What was wrong is said in one message; a stack is for what nobody expected. */
export async function runCommand<Schema extends z.ZodType>(command: Command<Schema>): Promise<void> {
  try {
    const args = readArguments(command);
    const config = await readApiConfig(process.env);
    // A command's result is on the standard output, and what else it has to say on the other.
    const logger = createLogger({ name: command.name, level: logLevel(config), destination: process.stderr });
    const auditStream = createAuditStream({ config, logger, stdout: process.stderr });
    const store = createStore({ ...storeOptions(config), onAuditEvent: auditStream?.send });
    await store.connect();
    try {
      process.exitCode = await runAudited({ command, args, store });
    } finally {
      await store.close();
      await auditStream?.stop();
    }
  } catch (error) {
    console.error(describe(error));
    process.exitCode = 1;
  }
}

async function runAudited<Schema extends z.ZodType>(options: {
  readonly command: Command<Schema>;
  readonly args: z.output<Schema>;
  readonly store: Store;
}): Promise<number> {
  const { command, args, store } = options;
  const append = (end: Pick<NewAuditEvent, 'outcome' | 'code' | 'target'>) =>
    store.auditEvents.append({ actor: commandActor(), action: `command.${command.name}`, ...end });
  try {
    const { exitCode, target = {} } = await command.run({ args, store });
    await append({ target, outcome: exitCode === 0 ? 'success' : 'failed' });
    return exitCode;
  } catch (error) {
    // The command's own error is the one to be seen.
    const code = error instanceof AppError ? error.code : 'internal';
    await append({ target: {}, outcome: 'failed', code }).catch(() => undefined);
    throw error;
  }
}

function commandActor(): AuditActor {
  const user = userName();
  return { kind: 'command', id: `command:${user}`, name: user };
}

/** In a container the user often has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
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
  if (isStoreUnavailable(error)) {
    return `MongoDB does not answer: verify MONGODB_URI, and that MongoDB runs (${(error as Error).message}).`;
  }
  if (!(error instanceof AppError)) return error;
  const { details } = error.context as { details?: readonly { readonly path: string; readonly message: string }[] };
  return [error.message, ...(details ?? []).map(({ path, message }) => `  - ${path}: ${message}`)].join('\n');
}
