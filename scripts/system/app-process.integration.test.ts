import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { AppProcess } from './app-process.ts';
import { simulatorApp } from './apps.ts';
import { bundleApps } from './builds.ts';

test('restarts that overlap, and a stop during them, are no unexpected exit and leave no process', async () => {
  await bundleApps();
  using folder = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-app-'));
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  const app = new AppProcess({ ...simulatorApp({}), wantedPort: 18_080, logFolder: folder.path, print });
  await app.start();
  const firstPid = app.pid;

  await Promise.all([app.restart(), app.restart(), app.restart()]);
  expect(app.pid).not.toBe(firstPid);
  await Promise.all([app.restart(), app.stop()]);

  expect(app.ownExits).toBe(0);
  expect(lines.filter((line) => line.includes('died'))).toEqual([]);
  await expect(fetch(`${app.url}/health`)).rejects.toThrow('fetch failed');
  expect(() => process.kill(app.pid, 0)).toThrow('ESRCH');
});
