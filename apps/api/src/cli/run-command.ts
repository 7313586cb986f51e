import { userInfo } from 'node:os';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import type { AuditActor, NewAuditEvent } from '@bulkhead/access/audit';
import { createAuditStream } from '@bulkhead/access/audit';
import { AppError, createLogger, EnvError, logLevel, validate } from '@bulkhead/base';
import { createStore, type Store, storeOptions } from '@bulkhead/system';
import type { z } from 'zod';
import { readApiConfig } from '../env.ts';

interface Command<Schema extends z.ZodType> {
  /** The name of the command in the audit log. */
  readonly name: 'create-api-key' | 'migrate' | 'rotate-encryption-key';
  /** One line that is shown if the arguments are wrong. */
  readonly usage: string;
  readonly options: ParseArgsOptionsConfig;
  /** Validates the values that `parseArgs` returns. */
  readonly schema: Schema;
  readonly run: (options: { readonly args: z.output<Schema>; readonly store: Store }) => Promise<CommandEnd>;
}

export interface CommandEnd {
  readonly exitCode: number;
  /** Ids of the objects that the command was performed on. */
  readonly target?: Readonly<Record<string, string>>;
}

class UsageError extends Error {}

/** Runs a command of an operator. An expected error is printed as one message, and an unexpected error with its stack. */
export async function runCommand<Schema extends z.ZodType>(command: Command<Schema>): Promise<void> {
  try {
    const args = readArguments(command);
    const config = await readApiConfig(process.env);
    // Standard output has only the result of the command. Logs go to standard error.
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
    // If the audit event cannot be stored, the operator still sees the error of the command.
    const code = error instanceof AppError ? error.code : 'internal';
    await append({ target: {}, outcome: 'failed', code }).catch(() => undefined);
    throw error;
  }
}

function commandActor(): AuditActor {
  const user = userName();
  return { kind: 'command', id: `command:${user}`, name: user };
}

/** In a container the user often has no name, so the id is used instead. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}

function readArguments<Schema extends z.ZodType>({ usage, options, schema }: Command<Schema>): z.output<Schema> {
  const result = validate(schema, readValues({ usage, options }));
  if (result.isValid) return result.data;
  const faults = result.faults.map(({ path, message }) => `  - ${path}: ${message}`);
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
