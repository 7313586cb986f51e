import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from '@bulkhead/embedded';
import { expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';

const docker = join(import.meta.dirname, '../../docker');
const worker = 'bulkhead-worker@.service';
const units = ['bulkhead-api.service', 'bulkhead-serve.service', worker];
const read = (file: string) => readFileSync(join(docker, file), 'utf8');
/** The options of node, without the program. */
const optionsOf = (text: string) => [...text.matchAll(/--[\w-]+(?:=\d+)?/g)].map(([option]) => option);

test('the units start the processes with the options of the images, and give them the same time to stop', () => {
  for (const [unit = '', app] of [
    [units[0], 'api'],
    [units[1], 'serve'],
    [worker, 'worker'],
  ] as const) {
    const text = read(`systemd/${unit}`);
    const image = new RegExp(`AS ${app}$[\\s\\S]*?^CMD (.*)$`, 'm').exec(read('Dockerfile'))?.[1] ?? '';
    const start = /^ExecStart=(.*)$/m.exec(text)?.[1] ?? '';
    expect([start.includes(` apps/${app}/dist/main.js`), optionsOf(start)]).toEqual([true, optionsOf(image)]);
    expect(text).toMatch(/^User=bulkhead$/m);
  }
  const [, seconds] = read('compose.yaml').match(/stop_grace_period: (\d+)s/) ?? [];
  expect(read(`systemd/${worker}`)).toContain(`TimeoutStopSec=${seconds}\n`);
});

test('the workers 1 to 99 of a machine have different health ports that every user may open', () => {
  const [, script = ''] = /^ExecStart=\/bin\/sh -c '(.*)'$/m.exec(read(`systemd/${worker}`)) ?? [];
  const ports = Array.from({ length: 99 }, (_, index) => {
    // As systemd expands it. The program only prints its port.
    const line = script
      .replaceAll('%i', String(index + 1))
      .replaceAll('$$', () => '$')
      .replace(/exec .*/, 'env');
    const [, port] =
      /^WORKER_HEALTH_PORT=(\d+)$/m.exec(spawnSync('sh', ['-c', line], { encoding: 'utf8' }).stdout) ?? [];
    return Number(port);
  });
  expect(new Set(ports).size).toBe(99);
  // Below the ports that Linux gives to outgoing connections.
  expect(ports.filter((port) => !(port >= 1024 && port < 32_768))).toEqual([]);
});

const command = findOnPath({ command: 'systemd-analyze', env: process.env });
describeWith({ title: 'systemd', tool: command ? {} : { missing: 'There is no systemd-analyze.' } }, () => {
  test.each(units)('systemd accepts every setting of %s', (unit) => {
    const { stderr } = spawnSync(command ?? '', ['verify', join(docker, 'systemd', unit)], { encoding: 'utf8' });
    // The programs and the user do not exist here.
    expect(stderr.split('\n').filter((line) => /unknown|ignoring|invalid/i.test(line))).toEqual([]);
  });
});
