import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath, type Services, startServices } from '@bulkhead/embedded';
import { runShell } from '../docs/run-shell.fixture.ts';
import type { TestSystem } from '../test-system/start-test-system.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/how-to/back-up.md'), 'utf8');

/** Returns the block of the page with this beginning. */
export function blockOf(begins: string): string {
  const blocks = [...page.matchAll(/^ *```bash\n([\s\S]*?)^ *```$/gm)].map(([, text = '']) => text);
  const matching = blocks.filter((text) => text.trimStart().startsWith(begins));
  if (matching.length !== 1) throw new Error(`${matching.length} blocks of the page begin with ${begins}`);
  return matching[0] ?? '';
}

const hasTools = ['mongodump', 'mongorestore'].every((command) => findOnPath({ command, env: process.env }));

/**
 * Backs up a system whose API and workers are stopped, by the page's commands. Then stops its servers, and restores the
 * backup beside an empty Redis.
 */
export async function backUpAndRestore(system: TestSystem, newFolder: string): Promise<Services> {
  const { folder } = system;
  const { REDIS_URL: _redis, MONGODB_URI: _mongodb, ...env } = process.env;
  const start = () => startServices({ dataDir: newFolder, report: () => undefined, env });
  const run = (begins: string, variables: Readonly<Record<string, string>>) =>
    runShell({ commands: blockOf(begins), folder, env: variables });
  const endServers = async () => {
    await system.store.close();
    await system.mongodb.kill();
    await system.redis.kill();
  };
  if (hasTools) {
    await run('mongodump --uri "$MONGODB_URI"', { MONGODB_URI: system.mongodb.url });
    await endServers();
    const services = await start();
    const { username, password, host } = new URL(services.mongodb.url);
    const server = `mongodb://${username}:${password}@${host}/?authSource=admin`;
    await run('mongorestore --nsInclude ', { NEW_MONGODB_SERVER: server });
    return services;
  }
  await endServers();
  await run('tar ', { MONGODB_DATA: join(folder, 'mongodb', 'data') });
  mkdirSync(join(newFolder, 'mongodb'), { recursive: true });
  await run('mkdir ', { NEW_MONGODB_DATA: join(newFolder, 'mongodb', 'data') });
  // Files of the tests' own servers: the program that has written the data, and the password of the user that is in the data.
  for (const name of ['engine.json', 'password'])
    copyFileSync(join(folder, 'mongodb', name), join(newFolder, 'mongodb', name));
  return start();
}
