import type { ServiceHome } from './data/open-data-folder.ts';

export type ServiceName = 'redis' | 'mongodb';

export interface RouteContext {
  readonly env: NodeJS.ProcessEnv;
  readonly home: ServiceHome;
  /** Replaces the live text of this service's step. */
  readonly progress: (text: string) => void;
  /** A line to keep. */
  readonly note: (text: string) => void;
}

export interface RunningService {
  readonly url: string;
  /** Absent where the server is not a child of this process (an address from the environment, a container). */
  readonly pid?: () => number;
  /** Starts it again on the same port and data, also after it was killed. Absent where it is not ours to start. */
  readonly restart?: () => Promise<void>;
  /** Resolves with what is known when the server ends without `stop`. Absent where that cannot be watched. */
  readonly died?: Promise<string>;
  readonly stop: () => Promise<void>;
}

export type RouteOutcome =
  | { readonly outcome: 'running'; readonly service: RunningService; readonly why: string }
  /** Not on this machine: the next route is tried. */
  | { readonly outcome: 'unavailable'; readonly reason: string }
  /** The user asked for exactly this and it does not work: nothing else is tried. */
  | { readonly outcome: 'refused'; readonly reason: string };

/** One way to get a server. */
export interface ServiceRoute {
  readonly name: string;
  /** The format of the data it writes; absent where the data is not in our folder. Another engine must never open it. */
  readonly engine?: 'redis' | 'mongod' | 'secantus';
  readonly attempt: (context: RouteContext) => Promise<RouteOutcome>;
}
