// usage: node scripts/check/audit.mjs    known holes of what is shipped, by the registry's advisories
// Exit 1 where there is one of high severity or worse. A registry that keeps no advisories, or none that can be reached, is
// said and passes: a build must not depend on it.
import { spawnSync } from 'node:child_process';

const pnpm = process.env.npm_execpath ?? 'pnpm';
const args = ['audit', '--prod', '--audit-level', 'high'];
const isScript = /\.[cm]?js$/.test(pnpm);
const { status, stdout, stderr, error } = isScript
  ? spawnSync(process.execPath, [pnpm, ...args], { encoding: 'utf8' })
  : spawnSync(pnpm, args, { encoding: 'utf8' });

const text = `${stdout ?? ''}${stderr ?? ''}`;
if (error || /ERR_PNPM_AUDIT|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|FETCH/.test(text)) {
  console.warn('NOT AUDITED: the package registry gave no advisories. Audit where it is npm’s own before a release.');
} else {
  console.log(text.trim());
  process.exit(status ?? 1);
}
