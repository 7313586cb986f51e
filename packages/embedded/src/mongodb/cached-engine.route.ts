import { findOnPath } from '../processes/find-on-path.ts';
import type { ServiceRoute } from '../service-route.ts';
import { enginePaths } from './engine-release.ts';
import { startEngine } from './start-engine.ts';

export const cachedEngineRoute: ServiceRoute = {
  name: 'an engine built earlier',
  engine: 'secantus',
  async attempt(context) {
    const { binary, root } = enginePaths(context.env);
    if (!findOnPath({ command: binary, env: context.env }))
      return { outcome: 'unavailable', reason: `none in ${root}` };
    context.progress(`starting ${binary}`);
    return { outcome: 'running', service: await startEngine(context), why: 'it was built on this machine earlier' };
  },
};
