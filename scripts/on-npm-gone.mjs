// Plain JavaScript: part of the bootstrap.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

// npm that was killed with -9 tells nobody; looking this often, everything is gone well within 10 s.
const CHECK_MS = 500;

/**
 * Calls back when the npm that runs this script has died. Between the two may be a shell (Debian's stays, macOS' does not),
 * which outlives npm without noticing. Started by hand, without npm, we may be meant to outlive our starter (nohup).
 */
export function onNpmGone(callback) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const { name, ppid: npm } = describeProcess(parent);
  const shellBetween = /(^|\/)-?(ba|da|k|z)?sh$/.test(name);
  const timer = setInterval(() => {
    if (process.ppid === parent && (!shellBetween || describeProcess(parent).ppid === npm)) return;
    clearInterval(timer);
    callback();
  }, CHECK_MS);
  timer.unref();
}

function describeProcess(pid) {
  try {
    const found =
      process.platform === 'linux'
        ? /\((?<name>.*)\) \S (?<ppid>\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))
        : /(?<ppid>\d+)\s+(?<name>.*\S)/.exec(
            spawnSync('ps', ['-o', 'ppid=,comm=', '-p', String(pid)], { encoding: 'utf8' }).stdout,
          );
    return { name: found?.groups.name ?? '', ppid: Number(found?.groups.ppid) };
  } catch {
    // Gone between two looks: a parent of 0 is nobody's, which is what the caller has to see.
    return { name: '', ppid: 0 };
  }
}
