import { EmbeddedError, spawnTethered } from '@bulkhead/embedded';
import { javaArgs } from './start-hapi.ts';

/** What HAPI's client read from a FHIR base URL. See `ReadWithClient.java`. */
export interface ClientReading {
  readonly fhirVersion: string;
  /** The ids of each type, in the order of `_sort=_id`. */
  readonly ids: Readonly<Record<string, readonly string[]>>;
  /** The ids of Observations by `_sort`. */
  readonly orders: Readonly<Record<string, readonly string[]>>;
  /** The included references by `_include`, sorted. */
  readonly included: Readonly<Record<string, readonly string[]>>;
  /** The id of the first patient. The next fields are about this patient. */
  readonly patient: string;
  /** Whether a read of the version returned the same as a read. */
  readonly isSameVersion: boolean;
  /** The ids that reads returned if another version than the stored one, and if another one was required. */
  readonly conditionalReads: readonly (string | null)[];
  readonly instanceHistory: readonly string[];
  /** The ids of the Observations by the HTTP method of the search. */
  readonly compartment: Readonly<Record<'GET' | 'POST', readonly string[]>>;
  readonly total: number;
  /** The ids of Observations. */
  readonly typeHistory: readonly string[];
  /** References, sorted. */
  readonly systemHistory: readonly string[];
  /** For each request: the exception of HAPI, and the code and the coding of the first issue. */
  readonly errors: Readonly<Record<string, readonly string[]>>;
  /** The number of responses that were validated. */
  readonly responses: number;
  readonly faults: readonly ValidationFault[];
}

/** An error or a warning of HAPI's validator about a response. */
export interface ValidationFault {
  /** Such as `GET http://127.0.0.1:4001/…/metadata`. */
  readonly request: string;
  readonly severity: 'WARNING' | 'ERROR' | 'FATAL';
  /** Such as `Bundle.entry[0].search`. Null for a fault of the whole. */
  readonly location: string | null;
  readonly message: string;
}

const keptLines = 15;

/**
 * Runs HAPI's client.
 *
 * @throws EmbeddedError with its last lines if it fails
 */
export async function readWithClient(options: {
  readonly classPath: string;
  readonly fhirUrl: string;
  readonly deletedUrl: string;
  readonly apiKey: string;
  readonly types: readonly string[];
}): Promise<ClientReading> {
  const { classPath, fhirUrl, deletedUrl, apiKey, types } = options;
  let result: ClientReading | undefined;
  const lines: string[] = [];
  const client = await spawnTethered({
    command: 'java',
    args: [...javaArgs, '-cp', classPath, 'interop.ReadWithClient', fhirUrl, deletedUrl, ...types],
    env: { ...process.env, BULKHEAD_API_KEY: apiKey },
    output: {
      onLine: (line) => {
        if (line.startsWith('result ')) result = JSON.parse(line.slice('result '.length));
        else lines.push(line);
        if (lines.length > keptLines) lines.shift();
      },
    },
  });
  const { code } = await client.exited;
  if (code === 0 && result) return result;
  throw new EmbeddedError({
    code: 'COMMAND_FAILED',
    message: `HAPI's client failed. Its last lines:\n${lines.join('\n')}`,
  });
}
