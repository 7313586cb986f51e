import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-audit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the check with a pnpm that prints the text and exits with the status. */
function audit(pnpm: { readonly text: string; readonly status: number }, env: Record<string, string> = {}) {
  const file = join(folder, 'pnpm.mjs');
  writeFileSync(file, `console.log(${JSON.stringify(pnpm.text)}); process.exit(${pnpm.status});`);
  const { CI: _ci, ADVISORIES_REQUIRED: _required, ...others } = process.env;
  const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'audit.mjs')], {
    env: { ...others, npm_execpath: file, ...env },
    encoding: 'utf8',
  });
  return { status, stderr };
}

const withoutAdvisories = { text: 'Error: ERR_PNPM_AUDIT_BAD_RESPONSE responded with 405', status: 1 };
const required = { CI: 'true', ADVISORIES_REQUIRED: '1' };

test('the audit: a registry without advisories passes with a warning', () => {
  expect(audit(withoutAdvisories)).toMatchObject({ status: 0, stderr: expect.stringContaining('NOT AUDITED') });
  expect(audit(withoutAdvisories, { CI: 'true' }).status).toBe(0);
  expect(audit(withoutAdvisories, { ADVISORIES_REQUIRED: '1' }).status).toBe(0);
});

test('the audit: a registry without advisories fails a build that requires them', () => {
  expect(audit(withoutAdvisories, required)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('ADVISORIES_REQUIRED=1'),
  });
});

test('the audit fails if there is a vulnerability of high severity, and passes if there is none', () => {
  expect(audit({ text: '1 vulnerabilities found', status: 1 }).status).toBe(1);
  expect(audit({ text: 'No known vulnerabilities found', status: 0 }, required).status).toBe(0);
});
