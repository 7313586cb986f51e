import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { installSchemathesis, runSchemathesis } from './schemathesis.ts';
import { startFuzzSystem } from './start-fuzz-system.ts';

const installed = await installSchemathesis();

if ('missing' in installed) {
  console.warn(`Schemathesis is left out: it needs python3 with venv, and PyPI. ${installed.missing}`);
  test.todo('Schemathesis finds nothing');
} else {
  test('Schemathesis finds nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bulkhead-schemathesis-'));
    const system = await startFuzzSystem({ folder, patients: 5, report: () => undefined });
    try {
      const { passed, output } = await runSchemathesis({ ...installed, ...system, folder });
      if (!passed) console.error(output);
      expect(output).toContain('Tested: ');
      expect(passed).toBe(true);
    } finally {
      await system.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 300_000);
}
