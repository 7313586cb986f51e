import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Returns an environment in which a server meets a full disk as in production: its write fails, and the server survives
 * or not. A limit on the size of files (`prlimit --fsize`) also fails the write, but sends SIGXFSZ, too, which kills
 * every process that does not ignore it. Ignored signals survive an exec. Servers are started through `setpriv`, so
 * they are started through a `setpriv` that ignores this signal.
 */
export function tolerateNoSpace(folder: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const result = spawnSync('/bin/sh', ['-c', 'command -v setpriv'], { encoding: 'utf8', env });
  const setpriv = result.stdout.trim();
  // Without setpriv, servers are started directly. A server whose file reaches the limit is then killed: a crash, not a
  // full disk.
  if (setpriv === '') return env;
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'setpriv'), `#!/bin/sh\ntrap '' XFSZ\nexec '${setpriv}' "$@"\n`);
  chmodSync(join(bin, 'setpriv'), 0o755);
  return { ...env, PATH: [bin, env.PATH].join(delimiter) };
}
