import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findPromtool } from '@bulkhead/embedded';
import { describe, expect, test } from '@jest/globals';

const folder = join(import.meta.dirname, '..', '..', 'docker', 'prometheus');
const search = await findPromtool({ env: process.env });

if ('missing' in search) {
  console.warn(`The alert rules are not tested, because there is no promtool: ${search.missing}`);
  test.todo('promtool accepts the configuration and the alert rules');
} else {
  const promtool = (args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(search.command, args, { cwd: folder, encoding: 'utf8' });
    return { status, output: stdout + stderr };
  };

  describe('promtool of Prometheus', () => {
    test.each([
      { what: 'the rules', args: ['check', 'rules', 'rules.yml'] },
      // The file of the token exists only in the container.
      { what: 'the configuration', args: ['check', 'config', '--syntax-only', 'prometheus.yml'] },
    ])('promtool accepts $what', ({ args }) => {
      expect(promtool(args)).toEqual({ status: 0, output: expect.stringContaining('SUCCESS') });
    });

    test('promtool finds that each alert fires alone in its own case, and that none fires without a fault', () => {
      expect(promtool(['test', 'rules', 'rules.test.yml'])).toEqual({
        status: 0,
        output: expect.stringContaining('SUCCESS'),
      });
    });
  });
}
