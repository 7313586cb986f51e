import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DryMongoBinary } from 'mongodb-memory-server-core';
import { openServiceHome } from '../data/open-data-folder.ts';
import { findOnPath } from '../processes/find-on-path.ts';
import { startScriptedServer } from '../scripted-server.ts';
import { enginePaths } from './build-engine.ts';
import { mongodScript } from './mongod-script.fixture.ts';
import { officialBinaryRoute } from './mongodb-routes.ts';

const { binary: engine } = enginePaths(process.env);
const version = '8.2.6';
// Real binaries have 200 MB. A file of less than a megabyte counts as a broken download.
const PADDING = `\n#${'x'.repeat(1_200_000)}`;

describe("MongoDB's own binary", () => {
  let folder = '';
  let env: NodeJS.ProcessEnv = {};
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bulkhead-official-'));
    env = { ...process.env, XDG_CACHE_HOME: folder, MONGOMS_DOWNLOAD_MIRROR: 'https://127.0.0.1:1' };
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function attempt() {
    const home = await openServiceHome({ folder: join(folder, 'home'), kept: true });
    return officialBinaryRoute.attempt({ env, home, progress: () => undefined, note: () => undefined });
  }

  it("MongoDB's own binary is unavailable if its host accepts the connection and never answers", async () => {
    const server = await startScriptedServer(() => undefined);
    env.MONGOMS_DOWNLOAD_MIRROR = server.url;
    try {
      const reason = expect.stringMatching(`${new URL(server.url).host} does not respond .*timeout`);
      expect(await attempt()).toEqual({ outcome: 'unavailable', reason });
    } finally {
      await server.stop();
    }
  });

  if (!findOnPath({ command: engine, env: process.env })) {
    console.warn(
      `The test of a binary from an earlier download is skipped, because there is no ${engine} to simulate it.`,
    );
    return;
  }

  it("MongoDB's own binary runs without a network after it was downloaded", async () => {
    const options = { version, downloadDir: join(folder, 'bulkhead', 'mongod-binaries') };
    const name = await DryMongoBinary.getBinaryName(await DryMongoBinary.generateOptions(options));
    const binary = DryMongoBinary.combineBinaryName(options.downloadDir, name);
    await mkdir(options.downloadDir, { recursive: true });
    await writeFile(binary, `#!/bin/sh\n${mongodScript(engine)}${PADDING}`);
    await writeFile(`${binary}.md5`, 'not checked');
    await chmod(binary, 0o755);
    const result = await attempt();
    expect(result).toMatchObject({ outcome: 'running', why: 'MongoDB 8.2.6 was downloaded from mongodb.org' });
    if (result.outcome === 'running') await result.service.stop();
  });
});
