import { join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';

/**
 * A single-node server over WiredTiger, MongoDB's own storage engine, that speaks MongoDB's protocol: what a package
 * registry offers where neither mongod nor an image of it can be had. Pinned: it is young, and this version is the one whose
 * durability was measured (docs/decisions).
 */
const CRATE = 'secantus-mdb';
const VERSION = '0.5.3-beta.196';

export const engineRelease = { crate: CRATE, version: VERSION, binaryName: 'secantusd-rs' } as const;

export interface EnginePaths {
  /** Everything about engines, of all versions. */
  readonly root: string;
  readonly installed: string;
  readonly binary: string;
  readonly lock: string;
}

export function enginePaths(env: NodeJS.ProcessEnv): EnginePaths {
  const root = join(cacheFolder(env), 'mongodb-engine');
  const installed = join(root, `${CRATE}-${VERSION}`);
  return { root, installed, binary: join(installed, 'bin', engineRelease.binaryName), lock: join(root, 'build.lock') };
}
