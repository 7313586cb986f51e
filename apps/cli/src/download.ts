import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { answerOf } from '@bulkhead/client';
import { CliError, exitCodes } from './exit-codes.ts';
import type { Answer } from './output/output.ts';
import { terminalTextStream } from './output/terminal-text.ts';

/**
 * Writes the content of a response to a file, or to the standard output, without holding all of it in memory.
 * @param answer of a request with `parseAs: 'stream'`
 */
export async function download(
  { data, ...answer }: Answer<unknown>,
  { stdout, file }: { readonly stdout: NodeJS.WriteStream; readonly file?: string | undefined },
): Promise<void> {
  answerOf({ ...answer, data: {} });
  const content = Readable.fromWeb(data as ReadableStream);
  try {
    if (file !== undefined) return await writeFile(file, content);
    // If the output is not a terminal, a program reads it and gets the bytes unchanged.
    if (!stdout.isTTY) return await pipeline(content, stdout, { end: false });
    await pipeline(content, terminalTextStream(), stdout, { end: false });
    stdout.write('\n');
  } catch (error) {
    // fetch reports a broken connection with this type.
    if (!(error instanceof TypeError)) throw error;
    throw new CliError({
      message: 'The connection to the API was lost, and the content is not complete. Try again.',
      exitCode: exitCodes.unavailable,
    });
  }
}

/** Removes the file if its content does not become complete, so that no program takes it for complete. */
async function writeFile(file: string, content: Readable): Promise<void> {
  const target = createWriteStream(file);
  let isOpen = false;
  target.once('open', () => {
    isOpen = true;
  });
  try {
    await pipeline(content, target);
  } catch (error) {
    // A file that could not be opened keeps its content. The first error counts, also if the file cannot be removed.
    if (isOpen) await removeFile(file).catch(() => undefined);
    throw error;
  }
}

/** Does not remove devices and pipes. */
async function removeFile(file: string): Promise<void> {
  if ((await stat(file)).isFile()) await rm(file);
}
