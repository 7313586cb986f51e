import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { startScriptedServer, waitFor } from '@bulkhead/testing';

/** Starts a Redis that the test can stop. `await using` stops it at the end of a test. It needs redis-server on PATH, even if REDIS_URL is set. */
export async function startRedis() {
  // A port that was free a moment ago.
  const probe = await startScriptedServer();
  await probe.stop();
  const port = Number(new URL(probe.url).port);
  let child: ChildProcess | undefined;
  const stop = async () => {
    const stopped = child;
    child = undefined;
    if (!stopped || stopped.exitCode !== null) return;
    stopped.kill('SIGKILL');
    await once(stopped, 'exit');
  };
  const redis = {
    url: `redis://127.0.0.1:${port}`,
    /** Starts Redis again after `stop`, on the same port and empty. */
    async start() {
      child = spawn('redis-server', ['--port', String(port), '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
      await waitFor(() => accepts(port), { what: 'redis-server' });
    },
    /** Redis accepts connections but does not respond. */
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    stop,
    [Symbol.asyncDispose]: stop,
  };
  await redis.start();
  return redis;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (isUp: boolean) => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}
