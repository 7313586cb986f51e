import { join } from 'node:path';
import { findOnPath, spawnTethered, whyNoDocker } from '@bulkhead/embedded';
import { expect, test } from '@jest/globals';
import { whyNoPostgresql } from '../copies/postgresql.ts';
import { describeWith } from '../describe-with.fixture.ts';
import { installSchemathesis } from '../fuzz/schemathesis.ts';
import { hapiProject } from '../interop/server/start-hapi.ts';
import { whyNoBuild } from '../maven/maven-project.ts';

const hourMs = 60 * 60_000;
const { env } = process;

/** The judges of the ring `merge` at ten times their size, with the seeds of their tests. Each one judges itself by its exit code. */
const judges: readonly { readonly args: readonly string[]; readonly missing?: string | undefined }[] = [
  { args: ['chaos', '--rounds', '150', '--seed', '3', '--patients', '15', '--outage-seconds', '2'] },
  { args: ['copies', '--rounds', '10', '--seed', '1'], missing: whyNoPostgresql() },
  { args: ['fleet', '--connections', '1000', '--exports', '20'] },
  { args: ['fuzz', '--requests', '10000', '--seed', '1'], missing: await whyNoSchemathesis() },
  { args: ['interop'], missing: whyNoBuild({ project: hapiProject, env }) },
  { args: ['protocol-fuzz', '--rounds', '120', '--seed', '3497'] },
  { args: ['replica-set'], missing: await whyNoMembers() },
];

for (const { args, missing } of judges) {
  const title = `pnpm ${args.join(' ')}`;
  describeWith({ title, tool: missing === undefined ? {} : { missing } }, () => {
    test(`${title} finds no fault`, () => expect(runJudge(args)).resolves.toEqual({ code: 0, shown: '' }), hourMs);
  });
}

/** @returns the exit code of a judge, and what it prints if it finds something */
async function runJudge([name = '', ...args]: readonly string[]) {
  const lines: string[] = [];
  const { exited } = await spawnTethered({
    command: process.execPath,
    args: [join(import.meta.dirname, '..', name, 'main.ts'), ...args],
    // At SIGTERM, programs remove a folder with a database.
    orphanGraceMs: 10_000,
    output: { onLine: (line) => lines.push(line) },
  });
  const { code } = await exited;
  return { code, shown: code === 0 ? '' : lines.slice(-200).join('\n') };
}

async function whyNoMembers(): Promise<string | undefined> {
  if (findOnPath({ command: 'mongod', env })) return undefined;
  const missing = await whyNoDocker(env);
  return missing && `There is no mongod on PATH, and ${missing}`;
}

function whyNoSchemathesis(): Promise<string | undefined> {
  return installSchemathesis().then(
    () => undefined,
    (error) => `They need python3 with venv, and PyPI. ${error}`,
  );
}
