import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The environment in which a server meets a full disk as it would in the field: its write fails, and it lives on or not
 * as it likes. A limit on the size of files (`prlimit --fsize`) fails the write too, but also sends SIGXFSZ, which kills
 * whoever does not ignore it. Ignored signals survive an exec, so servers, which are started through `setpriv`, are
 * started through a `setpriv` that ignores this one.
 */
export function tolerateNoSpace({
  folder,
  env,
}: {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}): NodeJS.ProcessEnv {
  const found = spawnSync('/bin/sh', ['-c', 'command -v setpriv'], { encoding: 'utf8', env });
  const setpriv = found.stdout.trim();
  // Without it servers are started directly, and one whose file reaches the limit is killed: a crash, no full disk.
  if (setpriv === '') return env;
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'setpriv'), `#!/bin/sh\ntrap '' XFSZ\nexec '${setpriv}' "$@"\n`);
  chmodSync(join(bin, 'setpriv'), 0o755);
  return { ...env, PATH: [bin, env.PATH].join(delimiter) };
}
