import type { ChaosAction } from './chaos-action.ts';
import { clockStepAction } from './clock-step.action.ts';
import { mongodbDiskFullAction } from './mongodb-disk-full.action.ts';
import { killAllWorkersAction, killApiAction, killWorkerAction, zombieWorkerAction } from './process.actions.ts';
import { duplicateJobsAction, flushRedisAction } from './redis.actions.ts';
import {
  bothOutageAction,
  killMongodbAction,
  mongodbOutageAction,
  redisOutageAction,
  restartRedisAction,
  stepDownMongodbAction,
} from './server-outage.actions.ts';

/** Every kind of fault. A new one is an action in a file beside this one and a line here. */
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

/** It needs a replica set, as `pnpm replica-set` starts. */
const replicaSetActions = [stepDownMongodbAction] as const;

export type ChaosKind = (typeof actions | typeof replicaSetActions)[number]['kind'];

export const chaosKinds: readonly ChaosKind[] = actions.map(({ kind }) => kind);

export function isChaosKind(name: string): name is ChaosKind {
  return chaosKinds.some((kind) => kind === name);
}

export function chaosAction(wantedKind: ChaosKind): ChaosAction<ChaosKind> {
  const action = [...actions, ...replicaSetActions].find(({ kind }) => kind === wantedKind);
  if (!action) throw new Error(`there is no chaos action ${wantedKind}`);
  return action;
}
