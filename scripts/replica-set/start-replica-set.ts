import { lastLogLines, systemPort } from '@bulkhead/embedded';
import { MongoClient } from 'mongodb';
import { pollUntil } from '../system/poll-until.ts';
import type { DatabaseServer } from '../test-system/database-server.ts';
import type { MemberHost } from './member-hosts.ts';

/** `kill` kills the primary. `restart` starts it again, after another member has taken over. */
export interface ReplicaSet extends DatabaseServer {
  /** Resolves when another member is the primary. */
  stepDown(): Promise<void>;
  stop(): Promise<void>;
}

/** A set elects another primary after 10 s by default, and a member reads the log of a minute in seconds. */
const settleMs = 120_000;
/** The primary refuses to be elected for this long. */
const stepDownSeconds = 20;
const catchUpSeconds = 10;
/** The engine of the tests is a set of one from the beginning. */
const alreadyInitialized = 23;
const ownSet = 'bulkhead';

/** Starts the members, with the settings that MongoDB has by default. @throws Error if they do not become a replica set */
export async function startReplicaSet({ host, size }: { readonly host: MemberHost; readonly size: number }) {
  const ports = host.ports;
  const members = await Promise.all(ports.map((_, index) => host.start(index, ownSet)));
  /** By a client of its own: one that could not connect at first does not try again. */
  const ask = async (index: number, command: object) => {
    const url = `mongodb://127.0.0.1:${ports[index]}/?directConnection=true`;
    const client = new MongoClient(url, { serverSelectionTimeoutMS: 1000, connectTimeoutMS: 1000 });
    try {
      return await client.db('admin').command(command);
    } finally {
      await client.close();
    }
  };
  const reach = async (what: string, condition: () => Promise<number | undefined>): Promise<number> => {
    const reached = await pollUntil(condition, { timeoutMs: settleMs, intervalMs: 200 });
    if (reached === undefined)
      throw new Error(`The replica set has not reached this in ${settleMs / 1000} s: ${what}.`);
    return reached;
  };
  const primary = async (): Promise<number | undefined> => {
    const states = await Promise.all(
      ports.map((_, index) =>
        ask(index, { hello: 1 }).then(
          ({ isWritablePrimary }) => isWritablePrimary,
          () => false,
        ),
      ),
    );
    const index = states.indexOf(true);
    return index < 0 ? undefined : index;
  };
  const anotherThan = (index: number) => async () => {
    const current = await primary();
    return current === index ? undefined : current;
  };
  const whole = async () => {
    const { members: states } = (await ask((await primary()) ?? 0, { replSetGetStatus: 1 })) as {
      members: { state: number }[];
    };
    // PRIMARY and SECONDARY.
    return states.length === size && states.every(({ state }) => state === 1 || state === 2) ? size : undefined;
  };

  try {
    for (const [index, { log, exited }] of members.entries()) {
      const ended = exited.then(() => {
        throw new Error(`member ${index + 1} did not start: ${lastLogLines({ file: log, count: 1 })}`);
      });
      await Promise.race([ended, reach(`member ${index + 1} answers`, async () => (await ask(index, { ping: 1 })).ok)]);
    }
    const config = { _id: ownSet, members: ports.map((port, _id) => ({ _id, host: `127.0.0.1:${port}` })) };
    await ask(0, { replSetInitiate: config }).catch((error) => {
      if (error.code !== alreadyInitialized) throw error;
    });
    await reach('all members run', whole);
  } catch (error) {
    await host.stop();
    throw error;
  }
  const { setName } = await ask(0, { hello: 1 });
  let killed: number | undefined;
  return {
    url: `mongodb://${ports.map((port) => `127.0.0.1:${port}`).join()}/bulkhead?replicaSet=${setName}`,
    pid: () => {
      throw new Error('the members may run in a container');
    },
    async kill() {
      killed = await reach('a primary', primary);
      await members[killed]?.kill();
    },
    async restart() {
      const index = killed;
      if (index === undefined) throw new Error('no member was killed');
      if (size > 1) await reach('another primary', anotherThan(index));
      members[index] = await host.start(index, ownSet);
      killed = undefined;
      await reach('all members run', whole);
    },
    async stepDown() {
      const index = await reach('a primary', primary);
      await ask(index, { replSetStepDown: stepDownSeconds, secondaryCatchUpPeriodSecs: catchUpSeconds });
      await reach('another primary', anotherThan(index));
    },
    stop: () => host.stop(),
  } satisfies ReplicaSet;
}

export async function freePorts(size: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < size) ports.add(await systemPort());
  return [...ports];
}
