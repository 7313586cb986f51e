import { mkdirSync, statSync } from 'node:fs';
import { ApiError, followChanges } from '@bulkhead/client';
import { command } from '../command.ts';
import { CliError } from '../exit-codes.ts';
import { option } from '../option.ts';
import { ResourceFolder } from '../resource-folder.ts';

/** A batch of typical resources needs 40 MB. Each later batch writes the files of its types again, so larger ones take less time. */
const batchSize = 20_000;

export const followResources = command({
  name: 'follow',
  summary: 'keep a folder with a file of NDJSON for each type current, with deletions and erasures',
  options: {
    connection: option.required(option.text('<id>', 'the connection of the resources')),
    out: option.required(option.text('<folder>', 'the folder for the files')),
    types: option.list('<types>', 'comma-separated resource types (default: all)'),
    every: option.withDefault(option.wholeNumber('<seconds>', 'how often to ask for changes'), 60),
    once: option.flag('stop when the folder is current'),
  },
  examples: [
    'resources follow --connection conn_1 --out records --once',
    'resources follow --connection conn_1 --out vitals --types Patient,Observation --once',
  ],
  async run({ api, provider, output }, { connection: connectionId, out, types, every, once = false }) {
    openFolder(out);
    const folder = new ResourceFolder(out, { connectionId, types });
    const follow = async (since: string | undefined): Promise<void> => {
      let count = 0;
      const pollMs = every * 1000;
      for await (const batch of followChanges(api, { connectionId, provider, types, since, batchSize, pollMs })) {
        await folder.apply(batch);
        count = batch.isBeginning ? batch.changes.length : count + batch.changes.length;
        const state = batch.isCurrent ? `current as of ${batch.since}` : 'reading';
        output.printProgress(`${count} changes, ${state}`);
        if (batch.isCurrent && once) return;
        if (batch.isCurrent) count = 0;
      }
    };
    try {
      await follow(folder.readSince()).catch((error: unknown) => {
        if (!isCode(error, 'history-expired')) throw error;
        output.printProgress('The folder was last updated too long ago. Everything is read again.');
        return follow(undefined);
      });
    } catch (error) {
      if (isCode(error, 'connection-purged')) folder.clear();
      throw error;
    }
  },
});

export function isCode(error: unknown, code: string): boolean {
  return error instanceof ApiError && error.code === code;
}

/** @throws CliError if the path is that of a file */
export function openFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === false) {
    const message = `${path} is a file, and --out takes a folder: it gets several files. Choose another folder.`;
    throw new CliError('usage', message);
  }
  mkdirSync(path, { recursive: true });
}
