import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from '@bulkhead/embedded';
import { expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';

const docker = join(import.meta.dirname, '../../docker');
const units = ['bulkhead-api.service', 'bulkhead-worker@.service'];
const read = (file: string) => readFileSync(join(docker, file), 'utf8');
/** The options of node, without the program. */
const optionsOf = (text: string) => [...text.matchAll(/--[\w-]+(?:=\d+)?/g)].map(([option]) => option);

test('the units start the processes with the options of the images, and give them the same time to stop', () => {
  for (const [unit = '', app] of [
    [units[0], 'api'],
    [units[1], 'worker'],
  ] as const) {
    const text = read(`systemd/${unit}`);
    const image = new RegExp(`AS ${app}$[\\s\\S]*?^CMD (.*)$`, 'm').exec(read('Dockerfile'))?.[1] ?? '';
    const start = /^ExecStart=(.*)$/m.exec(text)?.[1] ?? '';
    expect([start.endsWith(`apps/${app}/dist/main.js`), optionsOf(start)]).toEqual([true, optionsOf(image)]);
    expect(text).toMatch(/^User=bulkhead$/m);
  }
  const [, seconds] = read('compose.yaml').match(/stop_grace_period: (\d+)s/) ?? [];
  expect(read(`systemd/${units[1]}`)).toContain(`TimeoutStopSec=${seconds}\n`);
});

const command = findOnPath({ command: 'systemd-analyze', env: process.env });
describeWith({ title: 'systemd', tool: command ? {} : { missing: 'There is no systemd-analyze.' } }, () => {
  test.each(units)('systemd accepts every setting of %s', (unit) => {
    const { stderr } = spawnSync(command ?? '', ['verify', join(docker, 'systemd', unit)], { encoding: 'utf8' });
    // The programs and the user do not exist here.
    expect(stderr.split('\n').filter((line) => /unknown|ignoring|invalid/i.test(line))).toEqual([]);
  });
});
