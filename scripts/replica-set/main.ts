// usage: pnpm replica-set [--losses N] [--patients N] [--members N] [--seed S]
// Runs exports and syncs on a replica set of three, whose primary is killed or steps down during each export, and compares the database with the
// simulator as chaos does. The last line is `pass`, or `fail` and why. Exit 0 or 1; 2 if this machine has neither mongod nor Docker.
import { followExport } from '../chaos/export/follow-export.ts';
import { orderExport } from '../chaos/export/order-export.ts';
import { verdicts } from '../chaos/oracle/finding.ts';
import { isClean } from '../chaos/report/summarize.ts';
import { runRounds } from '../chaos/run-rounds.ts';
import { runProgram } from '../command-line.ts';
import { makeProgramFolder } from '../program-folder.ts';
import { createSteps } from '../steps/steps.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';
import { findMemberHost } from './member-hosts.ts';
import { readOptions } from './options.ts';
import { repeatSyncs } from './repeat-syncs.ts';
import { freePorts, startReplicaSet } from './start-replica-set.ts';

/** Some seconds, or more on a busy machine. */
const firstExportMs = 120_000;

await runProgram(async (args) => {
  const options = readOptions(args);
  const openHost = await findMemberHost(process.env);
  if (!openHost) {
    console.error(
      'There is no mongod on PATH, and no Docker engine answers. Install MongoDB 8 (its package has mongod), or start Docker.',
    );
    return 2;
  }
  const { path: folder, keep } = makeProgramFolder('replica-set');
  const why = await lose({ ...options, folder, openHost }).catch((error: Error) => error.message);
  if (why === undefined) {
    console.log('pass');
    return 0;
  }
  keep();
  console.error(`the logs of the processes are kept in ${folder}`);
  console.log(`fail: ${why.replaceAll(/\s*\n\s*/g, ' ').trim()}`);
  return 1;
});

/** @returns what is wrong in the end; undefined if nothing is */
async function lose(
  options: ReturnType<typeof readOptions> & {
    readonly folder: string;
    readonly openHost: NonNullable<Awaited<ReturnType<typeof findMemberHost>>>;
  },
): Promise<string | undefined> {
  const { folder, losses, members, patients, seed, openHost } = options;
  const { print, report } = createSteps({ stream: process.stderr });
  print(`seed ${seed}`);
  await using started = new AsyncDisposableStack();
  const host = openHost({ folder, ports: await freePorts(members) });
  const mongodb = await startReplicaSet({ host, size: members });
  started.defer(() => mongodb.stop());
  const system = await startTestSystem({ folder, patients, seed, report, mongodb, hasFastRate: true });
  started.defer(() => system.stop());
  // A sync is refused before patients are stored.
  const order = { system, since: undefined, timeoutMs: firstExportMs };
  const exportId = await orderExport(order);
  if (!exportId || (await followExport({ ...order, exportId }))?.status !== 'COMPLETED')
    return 'the first export, which nothing disturbed, has not completed';
  const ended = new AbortController();
  const syncs = repeatSyncs(system, ended.signal);
  const kinds = members === 1 ? (['kill-mongodb'] as const) : (['kill-mongodb', 'step-down-mongodb'] as const);
  // No outage lasts: another member takes over.
  const rounds = { json: false, rounds: losses, seed, kinds, patients, outageSeconds: 1 };
  const summary = await runRounds({ system, options: rounds, print }).finally(() => ended.abort());
  const counts = verdicts.filter((verdict) => summary[verdict] > 0).map((verdict) => `${summary[verdict]} ${verdict}`);
  // A sync in a broken system may not end.
  if (!isClean(summary)) return counts.join(', ');
  const { count, fault } = await syncs;
  print(`${summary.rounds} exports disturbed, ${count} syncs completed`);
  return fault;
}
