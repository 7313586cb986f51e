import { randomUUID } from 'node:crypto';
import { accessSync, constants, createWriteStream, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { answerOf } from '@bulkhead/client';
import { CliError } from './exit-codes.ts';
import type { Answer } from './output/output.ts';
import { terminalTextStream } from './output/terminal-text.ts';

/**
 * Writes the content of a response to a file, or to the standard output, without holding all of it in memory.
 * @param answer of a request with `parseAs: 'stream'`
 */
export async function download(
  { data, ...answer }: Answer<unknown>,
  options: {
    readonly stdout: NodeJS.WriteStream;
    readonly file?: string | undefined;
    /** Called with the size of each part. */
    readonly onBytes?: ((bytes: number) => void) | undefined;
  },
): Promise<void> {
  const { stdout, file, onBytes } = options;
  answerOf({ ...answer, data: {} });
  const received = Readable.fromWeb(data as ReadableStream);
  const content = onBytes ? Readable.from(counted(received, onBytes)) : received;
  try {
    if (file !== undefined) return await writeFile(file, content);
    // If the output is not a terminal, a program reads it and gets the bytes unchanged.
    if (!stdout.isTTY) return await pipeline(content, stdout, { end: false });
    await pipeline(content, terminalTextStream(), stdout, { end: false });
    stdout.write('\n');
  } catch (error) {
    // If the file cannot be opened, nothing reads the content, and this program would wait for it.
    content.destroy();
    // fetch reports a broken connection with this type.
    if (!(error instanceof TypeError)) throw error;
    throw new CliError(
      'unavailable',
      'The connection to the API was lost, and the content is not complete. Try again.',
    );
  }
}

async function* counted(content: Readable, onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const part of content) {
    onBytes((part as Uint8Array).length);
    yield part;
  }
}

/**
 * Writes a file beside the target and renames it at the end, so that the target is never incomplete, also if this
 * program is ended. Only a program that is killed at once leaves the file beside the target.
 */
async function writeFile(file: string, content: Readable): Promise<void> {
  const existing = statSync(file, { throwIfNoEntry: false });
  // A device or a pipe cannot be replaced. A folder fails here.
  if (existing?.isFile() === false) return pipeline(content, createWriteStream(file));
  const target = existing ? realpathSync(file) : file;
  // Renaming would replace a file that may not be written.
  if (existing) accessSync(target, constants.W_OK);
  // A name of its own for each download, so that two to the same file do not mix their contents.
  const partial = join(dirname(target), `bulkhead-${randomUUID()}.partial`);
  const remove = () => {
    try {
      rmSync(partial, { force: true });
    } catch {
      // Why the download ended matters more.
    }
  };
  const stopListening = onEndingSignal(remove);
  try {
    await pipeline(content, createWriteStream(partial, { flags: 'wx', mode: existing?.mode ?? 0o666 }));
    renameSync(partial, target);
  } catch (error) {
    remove();
    // The user knows the file by the name of the option.
    throw (error as NodeJS.ErrnoException).path === partial ? Object.assign(error as Error, { path: file }) : error;
  } finally {
    stopListening();
  }
}

/**
 * Calls `act` before a signal ends this program.
 * @returns a function after which `act` is not called
 */
export function onEndingSignal(act: () => void): () => void {
  const end = (signal: NodeJS.Signals) => {
    act();
    // The listener was called once and is removed, so this ends the program.
    process.kill(process.pid, signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, end);
  return () => {
    for (const signal of signals) process.off(signal, end);
  };
}
