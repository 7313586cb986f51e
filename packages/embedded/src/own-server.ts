import { openDataFolder, openServiceHome } from './data/open-data-folder.ts';
import { type ServerSpec, startServer } from './processes/server-process.ts';

/** A program that listens on a port of this machine. */
export interface OwnServerSpec extends Pick<ServerSpec, 'name' | 'command'> {
  readonly args: (at: { readonly port: number; readonly dataFolder: string }) => readonly string[];
  readonly url: (at: { readonly host: string; readonly port: number }) => string;
  /** What the data folder needs before the first start. */
  readonly prepare?: (dataFolder: string) => void;
  /** Rejects while the server does not answer. Default: it answers when it listens. */
  readonly ping?: ServerSpec['ping'];
}

/** `await using` stops it at the end of a test, and deletes its data. */
export type OwnServer = Awaited<ReturnType<typeof startOwnServer>>;

/** Starts a server of a test, which the test can kill and start again. */
export async function startOwnServer({ args, prepare, ...spec }: OwnServerSpec) {
  const folder = await openDataFolder({ ephemeral: true });
  try {
    const home = await openServiceHome({ folder: folder.path, kept: false });
    prepare?.(home.dataFolder);
    const server = await startServer({
      ping: async () => undefined,
      ...spec,
      args: (port) => args({ port, dataFolder: home.dataFolder }),
      env: process.env,
      home,
    });
    return {
      url: server.url,
      /** Starts it again on the same port, with the data that it has stored. */
      start: server.restart,
      /** Sends SIGKILL. */
      kill: server.stop,
      /** It accepts connections but does not respond. */
      pause: () => void process.kill(server.pid(), 'SIGSTOP'),
      resume: () => void process.kill(server.pid(), 'SIGCONT'),
      async [Symbol.asyncDispose]() {
        await server.stop();
        await folder.close();
      },
    };
  } catch (error) {
    await folder.close();
    throw error;
  }
}
