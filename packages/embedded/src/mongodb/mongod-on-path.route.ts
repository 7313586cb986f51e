import { findOnPath } from '../processes/find-on-path.ts';
import type { ServiceRoute } from '../service-route.ts';
import { startMongod } from './start-mongod.ts';

export const mongodOnPathRoute: ServiceRoute = {
  name: 'mongod on PATH',
  engine: 'mongod',
  async attempt(context) {
    const binary = findOnPath({ command: 'mongod', env: context.env });
    if (!binary) return { outcome: 'unavailable', reason: 'there is none' };
    context.progress(`starting ${binary}`);
    return { outcome: 'running', service: await startMongod({ binary, context }), why: `${binary} is installed` };
  },
};
