import { matches } from './matches.ts';
import type { Scenario } from './scenario.ts';

const match = matches.delete;

export const deleteScenarios = [
  {
    name: 'delete-unknown',
    description: 'DELETE is answered 404.',
    orders: [{ match, fault: { kind: 'status', status: 404 }, times: 'always' }],
  },
  {
    name: 'delete-fails',
    description: 'DELETE is answered 500, always.',
    orders: [{ match, fault: { kind: 'status', status: 500 }, times: 'always' }],
  },
  {
    name: 'delete-fails-once',
    description: 'The first DELETE is answered 500, the next one 202.',
    orders: [{ match, fault: { kind: 'status', status: 500 } }],
  },
  {
    name: 'slow-delete',
    description: 'DELETE is answered a second late, with 202.',
    orders: [{ match, fault: { kind: 'latency', ms: 1000 }, times: 'always' }],
  },
] as const satisfies readonly Scenario[];
