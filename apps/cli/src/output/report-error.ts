import { ApiError, type ErrorCode, hasFixedMessage } from '@bulkhead/client';
import { type Command, CommanderError } from 'commander';
import { toKebabCase } from '../command.ts';
import { CliError, type Exit, type ExitCode, exitCodes } from '../exit-codes.ts';
import { toErrorText } from './coded-text.ts';
import type { Streams } from './output.ts';
import { toCommands } from './routes.ts';
import { toTerminalJson, toTerminalText } from './terminal-text.ts';

/** A command line that is not valid. */
class UsageError extends CliError {
  readonly usage: string;

  constructor({ command, message }: { readonly command: Command; readonly message: string }) {
    super('usage', message);
    const names = [command, ...ancestorsOf(command)].map((part) => part.name()).toReversed();
    this.usage = `Usage: ${command.createHelp().commandUsage(command)}\nRun \`${names.join(' ')} --help\` to see all options.`;
  }
}

/** An error of a request, a view or a file that the user wrote: its parts have the names that the message says. */
export class RequestError extends CliError {}

/** Converts the error of such a request, and leaves others as they are. */
export function asSent(error: unknown): unknown {
  if (!(error instanceof ApiError) || error.status === 0) return error;
  const { status, code, message, details } = error;
  return new RequestError(exitOf(status), message, { code, details });
}

/** Makes a command and its subcommands throw their errors, so that `reportError` prints them and chooses the exit code. */
export function throwErrors(command: Command): void {
  command.configureOutput({ outputError: () => undefined });
  command.exitOverride((error) => {
    // Commander has printed the help or the version.
    if (error.exitCode === 0 || error.code === 'commander.help') throw error;
    // The option that seems to be missing may only be misspelt, which is what the user must read. Its method suggests the right name.
    const misspelt = command.args.find((argument) => /^--./.test(argument));
    if (error.code === 'commander.missingMandatoryOptionValue' && misspelt !== undefined)
      (command as Command & { unknownOption(flag: string): void }).unknownOption(misspelt.replace(/=.*/s, ''));
    const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    throw new UsageError({ command, message });
  });
  for (const subcommand of command.commands) throwErrors(subcommand);
}

function ancestorsOf({ parent }: Command): Command[] {
  return parent === null ? [] : [parent, ...ancestorsOf(parent)];
}

/** Prints an error for a person, or with `--json` as `{ "error": { code, message, details } }`. @returns the exit code */
export function reportError(
  error: unknown,
  { stderr, json }: Pick<Streams, 'stderr'> & { readonly json: boolean },
): ExitCode {
  if (error instanceof CommanderError && (error.exitCode === 0 || !json)) {
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
  const cliError = toCliError(error);
  const { exit, code, details } = cliError;
  const message = toCommands(cliError.message);
  if (json) {
    stderr.write(`${toTerminalJson({ error: { code, message, details } })}\n`);
    return exitCodes[exit];
  }
  const usage = cliError instanceof UsageError ? `\n${cliError.usage}` : '';
  const toName = cliError instanceof RequestError ? String : toOption;
  stderr.write(`${toTerminalText(`${message}${listFaults(details, toName)}${usage}`)}\n`);
  return exitCodes[exit];
}

/**
 * Waits for the end of a started export or sync. An error names the command that follows it, because without a terminal nothing else has
 * named the id.
 */
export async function whileRunning<End>(end: Promise<End>, command: string): Promise<End> {
  try {
    return await end;
  } catch (error) {
    const { message, exit, code, details } = toCliError(error);
    const advice = `What was started continues: follow it with \`${command}\`.`;
    throw new CliError(exit, `${message} ${advice}`, { code, details });
  }
}

/** Converts any error to a message for the user of a command, and an exit code. */
function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof ApiError) return fromApi(error);
  if (error instanceof CommanderError) return new CliError('usage', 'Add a subcommand.');
  const { message, code, path, syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'write') {
    const advice = 'Free some space or choose another place, and try again.';
    return new CliError('failed', `The output cannot be written (${message}). ${advice}`);
  }
  if (path !== undefined) return new CliError('usage', `${path} cannot be opened (${code}).`);
  // fetch reports a connection that breaks in the middle of an answer with this type and a cause.
  if (error instanceof TypeError && error.cause !== undefined) {
    return new CliError(
      'unavailable',
      'The connection to the API was lost, and the response is not complete. Try again.',
    );
  }
  if (error instanceof SyntaxError) {
    return new CliError('unavailable', "This URL is not Bulkhead's API. Verify --url (BULKHEAD_URL).");
  }
  return new CliError('failed', `Unexpected error of the command: ${message}`, { code: 'internal' });
}

function fromApi({ status, code, message, details, cause }: ApiError): CliError {
  if (status === 0) {
    const advice = 'Verify --url (BULKHEAD_URL) and the network, and that the API is running.';
    const shown = `${message.replace(/ Check .*/s, '')} ${advice}`;
    return new CliError('unavailable', shown, { code, details: { cause: String(cause) } });
  }
  const advice = adviceFor(code, (details ?? {}) as Readonly<Record<string, unknown>>);
  // The faults of single fields are listed below the text, with the names of options.
  const isGeneral = Array.isArray(details) || hasFixedMessage('error', { code, message });
  const replaced = isGeneral ? messages[code] : undefined;
  const what = replaced ?? toErrorText({ code, message });
  return new CliError(exitOf(status), advice === undefined ? what : `${what} ${advice}`, { code, details });
}

/** Texts that replace a message of the API that is always the same, because it is about requests. */
const messages: Readonly<Partial<Record<ErrorCode, string>>> = {
  'invalid-request': 'A value is not valid.',
  'unknown-export':
    'No export has this id. Ended exports are deleted after some time. List the exports with `bulkhead export list`.',
  'unknown-run':
    'No sync has this id. Ended syncs are deleted after some time. List the syncs with `bulkhead sync list`.',
  unauthenticated:
    'The API key is not valid. Set BULKHEAD_API_KEY or --key-file. An operator creates a key with `bulkhead keys create`.',
  'idempotency-key-reused':
    'A different export was started with this --idempotency-key. Use a new key for each export.',
  'line-truncated':
    'Only a part of this line was kept, so it cannot be stored as it is. Pass the whole corrected line with --file, or start a new export.',
  'connection-of-patient':
    'The connection is about this patient. Delete it and its data with `bulkhead connections delete ID --data purge`.',
};

/** Returns the command that helps. */
function adviceFor(code: ErrorCode, details: Readonly<Record<string, unknown>>): string | undefined {
  const { exportId, syncRunId } = details;
  switch (code) {
    case 'export-already-running':
    case 'sync-already-running':
    case 'connection-in-use':
      if (exportId !== undefined) return `Follow it with \`bulkhead export watch ${exportId}\`.`;
      return syncRunId === undefined ? undefined : `Follow it with \`bulkhead sync watch ${syncRunId}\`.`;
    case 'forbidden':
      return 'Run `bulkhead whoami` to see which key is used.';
    case 'capabilities-unknown':
      return 'Test the connection with `bulkhead connections test ID`.';
    case 'last-operator-key':
      return 'Run `bulkhead keys create --role operator`.';
    case 'unavailable':
      return 'Run `bulkhead status` to see what is missing.';
    default:
      return undefined;
  }
}

/** Options and arguments whose names differ from the field that the API names. */
const optionsOfFields: Readonly<Record<string, string>> = {
  _count: '--limit',
  callbackUrl: '--callback',
  connectionId: '--connection',
  connectionIds: '--connections',
  exportType: '--level',
  expiresInDays: '--days',
  groupId: '--group',
  keys: '--jwks',
  patientId: 'id',
  practiceId: '--practice',
  requestsPerMinute: '--per-minute',
  resourceTypes: '--types',
  typeFilters: '--type-filter',
  userId: '--user',
};

/** Lists the faults of single fields. They name a field of the API, such as `auth.clientId` or `resourceTypes.0`. */
function listFaults(details: unknown, toName: (path: string) => string): string {
  if (!Array.isArray(details)) return resourceOf(details);
  return details.map(({ path, message }) => `\n  ${toName(String(path))}: ${message}`).join('');
}

/** The resource that `details` name and a message does not, because messages are logged. */
function resourceOf(details: unknown): string {
  const { resourceType, resourceId } = (details ?? {}) as {
    readonly resourceType?: string;
    readonly resourceId?: string;
  };
  return resourceType === 'Patient' && resourceId !== undefined ? `\n  Patient/${resourceId}` : '';
}

function toOption(path: string): string {
  const field = path.split('.').findLast((part) => !/^\d*$/.test(part)) ?? path;
  if (/^(?:id|kid|type|provider)?$/.test(field)) return path;
  return optionsOfFields[field] ?? `--${toKebabCase(field.replace(/^_/, ''))}`;
}

function exitOf(status: number): Exit {
  if (status === 401 || status === 403) return 'refused';
  if (status === 404 || status === 410) return 'unknown';
  if (status === 409 || status === 422) return 'conflict';
  if (status === 429 || status >= 500) return 'unavailable';
  return 'usage';
}
