import type { Request } from 'express';
import type { ExportRegistry } from './export/export-registry.ts';
import type { FileLinks } from './export/file-links.ts';
import type { FindClientKey } from './oauth/client-keys.ts';
import type { IssuedTokens } from './oauth/issued-tokens.ts';
import type { Clock } from './options/clock.ts';
import type { RuntimeOptions, SimulatorOptions } from './options/options.ts';
import type { Practice } from './practice/practice.ts';
import type { TrafficRecorder, TrafficStats } from './traffic/traffic-recorder.ts';

/** One simulated athenahealth: everything that its routes share. */
export interface Simulator {
  /** Some options change at run time (`runtimeOptions`), so read them at each use. */
  readonly options: SimulatorOptions;
  readonly runtimeOptions: RuntimeOptions;
  readonly clock: Clock;
  readonly practice: Practice;
  readonly exports: ExportRegistry;
  /** The patients of the Groups that clients have made, by id. */
  readonly madeGroups: Map<string, readonly string[]>;
  readonly links: FileLinks;
  readonly tokens: IssuedTokens;
  readonly findClientKey: FindClientKey;
  readonly traffic: TrafficRecorder;
  readonly stats: TrafficStats;
  /** Available once the simulator listens. */
  readonly baseUrl: () => string;
  /** The base of the OAuth endpoints, which is also the issuer. */
  readonly issuer: () => string;
  readonly fhirEndpoint: () => string;
  /** The base of status URLs: see `linksAt`. */
  readonly linkEndpoint: () => string;
  /** The base of file URLs: that of status URLs unless `separateFileHost` is set. */
  readonly fileEndpoint: () => string;
  /** The FHIR base on the file host. The file host always listens, because redirects lead to it. */
  readonly otherEndpoint: () => string;
  readonly isFileHost: (req: Request) => boolean;
}
