import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOnPath, runCommand } from '@bulkhead/embedded';
import { waitFor } from '@bulkhead/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Collection } from 'mongodb';
import { describeWith } from '../describe-with.fixture.ts';
import { runShell } from '../docs/run-shell.fixture.ts';
import { blockOf } from './back-up.fixture.ts';
import { backupCommand } from './cron-job.fixture.ts';
import { type ReplicaSet, startReplicaSet } from './replica-set.fixture.ts';

const tools = ['mongod', 'mongodump', 'mongorestore'];
const absent = tools.filter((command) => !findOnPath({ command, env: process.env }));
const tool = absent.length > 0 ? { missing: `They are not on PATH: ${absent.join(', ')}` } : {};

interface Numbered {
  readonly _id: number;
}

/** Enough for a dump that takes as long as some writes. */
const storedBefore = 20_000;

test('the CronJob keeps the seven newest dumps, and a dump that fails gets no final name', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-cron-job-'));
  const dump = (end: string) => {
    // Only the arguments of the tool are known here: its dump needs a replica set.
    const tool = `#!/bin/sh\nfor last; do :; done\necho dump > "\${last#--archive=}"\n${end}\n`;
    writeFileSync(join(folder, 'mongodump'), tool, { mode: 0o755 });
    const env = { PATH: `${folder}:${process.env.PATH}`, MONGODB_SERVER: 'mongodb://server' };
    const { command, args } = backupCommand(folder);
    return spawnSync(command, args, { env }).status;
  };
  const archives = () => readdirSync(folder).filter((name) => name.endsWith('.archive.gz'));
  for (let day = 1; day <= 9; day++) {
    const file = join(folder, `bulkhead-2026-01-0${day}T0130.archive.gz`);
    writeFileSync(file, '');
    utimesSync(file, day, day);
  }
  expect(dump('exit 1')).not.toBe(0);
  expect(archives()).toHaveLength(9);
  expect(dump('exit 0')).toBe(0);
  expect(archives()).toHaveLength(7);
  expect(archives()).not.toContain('bulkhead-2026-01-03T0130.archive.gz');
  expect(archives()).toContain('bulkhead-2026-01-04T0130.archive.gz');
  rmSync(folder, { recursive: true });
});

describeWith({ title: 'the dump of the CronJob, and its restore', tool }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-cron-job-'));
  const port = 5000 + (process.pid % 1000) * 20;
  let source: ReplicaSet;
  let target: ReplicaSet;
  beforeAll(async () => {
    source = await startReplicaSet({ folder: join(folder, 'source'), port });
    target = await startReplicaSet({ folder: join(folder, 'target'), port: port + 1 });
  });
  afterAll(async () => {
    await Promise.allSettled([source?.stop(), target?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const collectionsOf = ({ client }: ReplicaSet) => ({
    resources: client.db('bulkhead').collection<Numbered>('resources'),
    checkpoints: client.db('bulkhead').collection<Numbered>('checkpoints'),
  });
  const numbersOf = async (collection: Collection<Numbered>) =>
    (await collection.find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id);

  /** Stores one resource after the other, each before the checkpoint that counts on it, as a worker does. */
  async function write(until: AbortSignal): Promise<void> {
    const { resources, checkpoints } = collectionsOf(source);
    for (let n = storedBefore; !until.aborted; n++) {
      await resources.insertOne({ _id: n });
      await checkpoints.updateOne({ _id: 0 }, { $set: { upTo: n } }, { upsert: true });
    }
  }

  test('a dump that is taken during writes restores one point in time', async () => {
    const { resources } = collectionsOf(source);
    await resources.insertMany(Array.from({ length: storedBefore }, (_, _id) => ({ _id })));
    const isOver = new AbortController();
    const writing = write(isOver.signal);
    await waitFor(async () => ((await resources.countDocuments()) > storedBefore + 10 ? true : undefined));
    const dump = { ...backupCommand(folder), env: { ...process.env, MONGODB_SERVER: source.url } };
    await runCommand(dump).finally(() => isOver.abort());
    await writing;
    const archives = readdirSync(folder).filter((name) => name.startsWith('bulkhead-'));
    expect(archives).toEqual([expect.stringMatching(/^bulkhead-[-\dT]+\.archive\.gz$/)]);

    await runShell({
      commands: blockOf('mongorestore --oplogReplay ').replace('bulkhead.archive.gz', archives[0] ?? ''),
      folder,
      env: { NEW_MONGODB_SERVER: target.url },
    });
    const restored = collectionsOf(target);
    const numbers = await numbersOf(restored.resources);
    // None is missing in between.
    expect(numbers.length).toBeGreaterThan(storedBefore + 10);
    expect(numbers).toEqual(numbers.map((_number, n) => n));
    const [checkpoint] = await restored.checkpoints.find<{ upTo: number }>({}).toArray();
    expect([numbers.length - 1, numbers.length - 2]).toContain(checkpoint?.upTo);
  });
});
