import { installWithApt, whyNoApt } from '../apt/install-with-apt.ts';
import { findOnPath } from '../processes/find-on-path.ts';
import type { RouteContext, ServiceRoute } from '../service-route.ts';
import { buildEngine } from './build-engine.ts';
import { engineRelease } from './engine-release.ts';
import { startEngine } from './start-engine.ts';

export const builtEngineRoute: ServiceRoute = {
  name: 'building an engine with cargo',
  engine: 'secantus',
  async attempt(context) {
    if (!findOnPath({ command: 'cargo', env: context.env })) {
      return { outcome: 'unavailable', reason: 'there is no cargo (Rust) on PATH' };
    }
    context.note(
      'no MongoDB can be had ready-made here (none on PATH, no Docker, no download): ' +
        `building ${engineRelease.crate}, a server for it over WiredTiger, from source. About 4 minutes, once; later starts reuse it`,
    );
    const missing = await installCompilers(context);
    if (missing) return { outcome: 'unavailable', reason: missing };
    const how = await buildEngine(context);
    return { outcome: 'running', service: await startEngine(context), why: `it was ${how} just now` };
  },
};

/** WiredTiger is C. @returns what is missing and cannot be installed. */
async function installCompilers(context: RouteContext): Promise<string | undefined> {
  const missing = ['cc', 'make', 'cmake'].filter((command) => !findOnPath({ command, env: context.env }));
  if (missing.length === 0) return undefined;
  const noApt = whyNoApt(context.env);
  if (noApt) return `the build needs ${missing.join(', ')}, and ${noApt}`;
  await installWithApt({ packages: ['build-essential', 'cmake'], context });
  return undefined;
}
