import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { root } from '../system/builds.ts';

/** An editor that saves several files, or one file in several steps, causes one restart. */
const quietMs = 300;

/**
 * Calls `onChange` after sources of the API, the worker or a package have changed. @returns a function that stops
 * watching
 */
export function watchSources(onChange: (file: string) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const packages = readdirSync(join(root, 'packages')).map((name) => join('packages', name));
  const watchers: FSWatcher[] = ['apps/api', 'apps/worker', ...packages].map((folder) =>
    watch(join(root, folder, 'src'), { recursive: true }, (_event, name) => {
      if (name === null || !name.endsWith('.ts') || /\.(test|fixture)\.ts$/.test(name)) return;
      clearTimeout(timer);
      timer = setTimeout(() => onChange(join(folder, 'src', name)), quietMs);
    }),
  );
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
