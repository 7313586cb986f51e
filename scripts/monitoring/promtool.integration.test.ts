import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findInPackage } from '@bulkhead/embedded';
import { expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';

const docker = join(import.meta.dirname, '..', '..', 'docker');
const { env } = process;
const promtool = await findInPackage({ path: 'usr/bin/promtool', env });
const amtool = await findInPackage({ path: 'usr/bin/amtool', env });

function run({ command, args, folder }: { command: string; args: readonly string[]; folder: string }) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: join(docker, folder), encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

describeWith({ title: 'promtool of Prometheus', tool: promtool }, ({ command }) => {
  test.each([
    { what: 'the alert rules', args: ['check', 'rules', 'rules.yml'] },
    { what: 'the service levels', args: ['check', 'rules', 'slo.yml'] },
    // The file of the token exists only in the container.
    { what: 'the configuration', args: ['check', 'config', '--syntax-only', 'prometheus.yml'] },
  ])('promtool accepts $what', ({ args }) => {
    const result = run({ command, args, folder: 'prometheus' });
    expect(result).toEqual({ status: 0, output: expect.stringContaining('SUCCESS') });
  });

  test.each([
    { what: 'each alert fires alone in its own case, and that none fires without a fault', file: 'rules.test.yml' },
    { what: 'each service level has its value, and that none has one without data', file: 'slo.test.yml' },
  ])('promtool finds that $what', ({ file }) => {
    const result = run({ command, args: ['test', 'rules', file], folder: 'prometheus' });
    expect(result).toEqual({ status: 0, output: expect.stringContaining('SUCCESS') });
  });
});

describeWith({ title: 'amtool of Alertmanager', tool: amtool }, ({ command }) => {
  test('amtool accepts the configuration', () => {
    const result = run({ command, args: ['check-config', 'alertmanager.yml'], folder: 'alertmanager' });
    expect(result).toEqual({ status: 0, output: expect.stringContaining('SUCCESS') });
  });

  test.each([
    { severity: 'critical', receiver: 'on-call' },
    { severity: 'warning', receiver: 'tickets' },
  ])('an alert with the severity $severity goes to the receiver $receiver', ({ severity, receiver }) => {
    const args = ['config', 'routes', 'test', '--config.file=alertmanager.yml', `severity=${severity}`];
    const { status, output } = run({ command, args, folder: 'alertmanager' });
    expect([status, output.split('\n')[0]]).toEqual([0, receiver]);
  });
});
