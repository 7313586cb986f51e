// Plain JavaScript, because it is part of the bootstrap.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

// After kill -9, npm sends no signal. With this interval, all processes end well within 10 s.
const CHECK_MS = 500;

/**
 * Calls back when the npm that runs this script has ended. There may be a shell between the two (Debian's stays, the
 * one of macOS does not), which does not notice the end of npm. Without npm, this process may have to outlive the shell
 * that started it (nohup).
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
    const npm =
      process.platform === 'linux'
        ? /\((?<name>.*)\) \S (?<ppid>\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))
        : /(?<ppid>\d+)\s+(?<name>.*\S)/.exec(
            spawnSync('ps', ['-o', 'ppid=,comm=', '-p', String(pid)], { encoding: 'utf8' }).stdout,
          );
    return { name: npm?.groups.name ?? '', ppid: Number(npm?.groups.ppid) };
  } catch {
    // The process ended between two checks. No process has the parent 0, so the caller notices the end.
    return { name: '', ppid: 0 };
  }
}
