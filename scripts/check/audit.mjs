// usage: node scripts/check/audit.mjs    lists known vulnerabilities of the shipped packages, from the registry's advisories
// Exit 1 if one is of high severity or worse. If the registry has no advisories or cannot be reached, the check passes
// with a warning, because a build must not depend on it. With CI=true and ADVISORIES_REQUIRED=1, as in a release, it
// fails instead.
import { spawnSync } from 'node:child_process';

const pnpm = process.env.npm_execpath ?? 'pnpm';
const args = ['audit', '--prod', '--audit-level', 'high'];
const isScript = /\.[cm]?js$/.test(pnpm);
const { status, stdout, stderr, error } = isScript
  ? spawnSync(process.execPath, [pnpm, ...args], { encoding: 'utf8' })
  : spawnSync(pnpm, args, { encoding: 'utf8' });
const isRequired = process.env.CI === 'true' && process.env.ADVISORIES_REQUIRED === '1';

const text = `${stdout ?? ''}${stderr ?? ''}`;
if (error || /ERR_PNPM_AUDIT|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|FETCH/.test(text)) {
  console.warn('NOT AUDITED: the package registry gave no advisories. Audit with npm’s own registry before a release.');
  if (isRequired) console.error('ADVISORIES_REQUIRED=1 requires an audit, so this check fails.');
  process.exit(isRequired ? 1 : 0);
}
console.log(text.trim());
process.exit(status ?? 1);
