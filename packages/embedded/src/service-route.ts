import type { ServiceHome } from './data/open-data-folder.ts';

export type ServiceName = 'redis' | 'mongodb';

export interface RouteContext {
  readonly env: NodeJS.ProcessEnv;
  readonly home: ServiceHome;
  /** Replaces the current progress text of this service's step. */
  readonly progress: (text: string) => void;
  /** Prints a permanent line. */
  readonly note: (text: string) => void;
}

export interface RunningService {
  readonly url: string;
  /** Missing if the server is not a child of this process (an address from the environment, or a container). */
  readonly pid?: () => number;
  /** Restarts the server on the same port and data, even after it was killed. Missing if this process did not start it. */
  readonly restart?: () => Promise<void>;
  /** Resolves with a reason if the server ends without `stop`. Missing if this cannot be watched. */
  readonly exited?: Promise<string>;
  readonly stop: () => Promise<void>;
}

export type RouteOutcome =
  | { readonly outcome: 'running'; readonly service: RunningService; readonly why: string }
  /** Not available on this machine. The next route is tried. */
  | { readonly outcome: 'unavailable'; readonly reason: string }
  /** The user requested exactly this, and it does not work. No other route is tried. */
  | { readonly outcome: 'refused'; readonly reason: string };

/** One way to get a server. */
export interface ServiceRoute {
  readonly name: string;
  /** The format of the written data, which no other engine may open. Missing if the data is not in the data folder. */
  readonly engine?: 'redis' | 'mongod' | 'secantus';
  readonly attempt: (context: RouteContext) => Promise<RouteOutcome>;
}
