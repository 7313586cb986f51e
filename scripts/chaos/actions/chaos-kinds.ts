import type { ChaosAction } from './chaos-action.ts';
import { clockStepAction } from './clock-step.action.ts';
import { duplicateJobsAction } from './duplicate-jobs.action.ts';
import { flushRedisAction } from './flush-redis.action.ts';
import { killAllWorkersAction } from './kill-all-workers.action.ts';
import { killApiAction } from './kill-api.action.ts';
import { killWorkerAction } from './kill-worker.action.ts';
import { mongodbDiskFullAction } from './mongodb-disk-full.action.ts';
import {
  bothOutageAction,
  killMongodbAction,
  mongodbOutageAction,
  redisOutageAction,
  restartRedisAction,
} from './server-outage.actions.ts';
import { zombieWorkerAction } from './zombie-worker.action.ts';

/** Every kind of fault. A new one is a file beside this one and a line here. */
const actions = [
  killWorkerAction,
  killAllWorkersAction,
  killApiAction,
  restartRedisAction,
  flushRedisAction,
  redisOutageAction,
  killMongodbAction,
  mongodbOutageAction,
  mongodbDiskFullAction,
  bothOutageAction,
  clockStepAction,
  zombieWorkerAction,
  duplicateJobsAction,
] as const;

export type ChaosKind = (typeof actions)[number]['kind'];

export const chaosKinds: readonly ChaosKind[] = actions.map(({ kind }) => kind);

export function isChaosKind(name: string): name is ChaosKind {
  return chaosKinds.some((kind) => kind === name);
}

export function chaosAction(wantedKind: ChaosKind): ChaosAction<ChaosKind> {
  const action = actions.find(({ kind }) => kind === wantedKind);
  if (!action) throw new Error(`there is no chaos action ${wantedKind}`);
  return action;
}
