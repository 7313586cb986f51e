import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestSystem, type TestSystemStart } from './start-test-system.ts';

/** A system in a folder of its own, which is removed when the system stops. */
export type TemporarySystem = Awaited<ReturnType<typeof startTemporarySystem>>;

export interface TemporaryStart extends Omit<TestSystemStart, 'folder' | 'seed' | 'report' | 'env'> {
  /** Returns the environment of the API and the workers, which may need files in the folder. */
  readonly env?: (folder: string) => NonNullable<TestSystemStart['env']>;
}

export async function startTemporarySystem({ env, ...options }: TemporaryStart) {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-system-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const start = { folder, seed: 1, report: () => undefined, env: env?.(folder) ?? {} };
    const system = await startTestSystem({ ...start, ...options });
    const stop = () => system.stop().finally(remove);
    return { ...system, folder, stop };
  } catch (error) {
    remove();
    throw error;
  }
}
