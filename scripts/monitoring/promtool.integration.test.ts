import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findPromtool } from '@bulkhead/embedded';
import { describe, expect, test } from '@jest/globals';

const folder = join(import.meta.dirname, '..', '..', 'docker', 'prometheus');
const found = await findPromtool({ env: process.env });

if ('missing' in found) {
  console.warn(`Prometheus' own check of the rules is left out, since there is no promtool: ${found.missing}`);
  test.todo('the rules, checked by promtool');
} else {
  const promtool = (args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(found.command, args, { cwd: folder, encoding: 'utf8' });
    return { status, output: stdout + stderr };
  };

  describe('promtool', () => {
    test.each([
      { what: 'the rules', args: ['check', 'rules', 'rules.yml'] },
      // The token's file is there in the container only.
      { what: 'the configuration', args: ['check', 'config', '--syntax-only', 'prometheus.yml'] },
    ])('takes $what', ({ args }) => {
      expect(promtool(args)).toEqual({ status: 0, output: expect.stringContaining('SUCCESS') });
    });

    test('sees each alert fire where it should, alone, and none where all is well', () => {
      expect(promtool(['test', 'rules', 'rules.test.yml'])).toEqual({
        status: 0,
        output: expect.stringContaining('SUCCESS'),
      });
    });
  });
}
