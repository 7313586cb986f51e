import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { baseEnv, captureCommand } from '@bulkhead/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';

const root = join(import.meta.dirname, '../..');
const system = await startTestSystem({ ...onTestServers(), patients: 2 });
afterAll(() => system.stop());
for (const name of ['apps/cli', 'packages/client']) {
  await npm(['pack', '--pack-destination', system.folder], { cwd: join(root, name), env: baseEnv() });
}

/** Runs npm of this machine. @throws Error with its output */
async function npm(args: readonly string[], options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }) {
  const { code, stdout, stderr } = await captureCommand({ ...options, command: ['npm', ...args] });
  if (code !== 0) throw new Error(`npm ${args.join(' ')}\n${stdout}\n${stderr}`);
  return stdout;
}

/** A user's machine: an own home, an empty cache, and no registry, so that nothing but the package can be installed. */
function userEnv(): NodeJS.ProcessEnv {
  return {
    ...baseEnv(),
    HOME: system.folder,
    npm_config_cache: join(system.folder, 'npm-cache'),
    npm_config_offline: 'true',
    npm_config_audit: 'false',
    BULKHEAD_URL: system.baseUrl,
    BULKHEAD_API_KEY: system.apiKey,
  };
}

/** Makes an empty folder with one of the packages. @returns the folder and the name of the file in it */
function placeAlone(prefix: string): { readonly cwd: string; readonly file: string } {
  const { folder } = system;
  const file = readdirSync(folder).find((name) => name.startsWith(prefix) && name.endsWith('.tgz')) ?? '';
  const cwd = mkdtempSync(join(folder, 'empty-'));
  copyFileSync(join(folder, file), join(cwd, file));
  return { cwd, file };
}

async function contentOf(prefix: string) {
  const { cwd, file } = placeAlone(prefix);
  const { stdout } = await captureCommand({ cwd, env: baseEnv(), command: ['tar', '-xvzf', file] });
  return {
    files: stdout.trim().split('\n').toSorted(),
    manifest: JSON.parse(readFileSync(join(cwd, 'package/package.json'), 'utf8')),
  };
}

describe('the package of the command line', () => {
  test('the package of the command line is one file, without dependencies', async () => {
    const { files, manifest } = await contentOf('bulkhead-cli');
    expect(files).toEqual([
      'package/LICENSE',
      'package/README.md',
      'package/dist/THIRD-PARTY-LICENSES.txt',
      'package/dist/bulkhead.js',
      'package/package.json',
    ]);
    expect(manifest.dependencies).toBeUndefined();
  });

  test('npx runs the package from its file in an empty folder, and exports from a real API', async () => {
    const { cwd, file } = placeAlone('bulkhead-cli');
    const npx = (...args: string[]) =>
      captureCommand({ cwd, env: userEnv(), command: ['npx', '--yes', `./${file}`, ...args] });
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(await npx('--version')).toMatchObject({ code: 0, stdout: `${version}\n` });
    const start = ['export', 'start', '--connection', system.connectionId, '--types', 'Patient', '--watch'];
    expect(await npx(...start)).toMatchObject({ code: 0, stdout: expect.stringMatching(/COMPLETED {2}2 stored/) });
    const listed = await npx('connections', 'list', '--json');
    expect(JSON.parse(listed.stdout)).toMatchObject([{ id: system.connectionId }]);
    expect(await npx('export', 'show', 'job_none')).toMatchObject({ code: 4, stdout: '' });
  });
});

describe('the package of the client', () => {
  test('the package of the client has the client and its types, without dependencies', async () => {
    const { files, manifest } = await contentOf('bulkhead-client');
    expect(files.filter((file) => !file.endsWith('.d.ts'))).toEqual([
      'package/LICENSE',
      'package/README.md',
      'package/dist/bundle/THIRD-PARTY-LICENSES.txt',
      'package/dist/bundle/index.js',
      'package/package.json',
    ]);
    expect(files).toContain('package/dist/bundle/index.d.ts');
    expect(manifest.dependencies).toBeUndefined();
  });

  test('a project installs the client from its file, calls a real API with it, runs the service of the guide, and compiles with its types', async () => {
    const { cwd, file } = placeAlone('bulkhead-client');
    writeFileSync(join(cwd, 'package.json'), '{ "name": "project", "private": true, "type": "module" }');
    await npm(['install', `./${file}`], { cwd, env: userEnv() });
    const program = (path: string) => `import { answerOf, createClient } from '@bulkhead/client';
const api = createClient({ url: '${system.baseUrl}', key: '${system.apiKey}' });
const { data } = answerOf(await api.GET('${path}'));
const ids: string[] = data.map(({ id }) => id);
console.log(ids.join());
`;
    mkdirSync(join(cwd, 'src'));
    writeFileSync(join(cwd, 'src/main.ts'), program('/api/ehr/connections'));
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2022',
      strict: true,
      types: [],
      rootDir: 'src',
      outDir: 'dist',
    };
    writeFileSync(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
    const compile = (compiler: string) => captureCommand({ cwd, env: userEnv(), command: [join(root, compiler)] });
    for (const compiler of ['node_modules/.bin/tsc', 'packages/client/node_modules/.bin/tsc']) {
      expect(await compile(compiler)).toEqual({ code: 0, stdout: '', stderr: '' });
    }
    const ran = await captureCommand({ cwd, env: userEnv(), command: ['node', 'dist/main.js'] });
    expect(ran).toEqual({ code: 0, stdout: `${system.connectionId}\n`, stderr: '' });

    const guide = `import { getAthenaHealthEnhancedService } from '@bulkhead/client';
const service = getAthenaHealthEnhancedService();
const job = await service.initiateBulkExport('${system.connectionId}', { resourceTypes: ['Patient'] });
const { status, counts } = await service.processBulkExportData(job.id);
console.log(status, counts.stored + counts.stale);
`;
    writeFileSync(join(cwd, 'src/main.ts'), guide);
    expect(await compile('node_modules/.bin/tsc')).toEqual({ code: 0, stdout: '', stderr: '' });
    const exported = await captureCommand({ cwd, env: userEnv(), command: ['node', 'dist/main.js'] });
    expect(exported).toEqual({ code: 0, stdout: 'COMPLETED 2\n', stderr: '' });

    writeFileSync(join(cwd, 'src/main.ts'), program('/api/ehr/nonsense'));
    const { code, stdout } = await compile('node_modules/.bin/tsc');
    expect({ code, stdout }).toEqual({ code: 2, stdout: expect.stringMatching(/^src\/main\.ts\(3,\d+\): error TS/) });
  });
});
