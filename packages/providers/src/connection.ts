/** The algorithms that SMART Backend Services asks of every server and client. */
export const assertionAlgorithms = ['RS384', 'ES384'] as const;
export type AssertionAlgorithm = (typeof assertionAlgorithms)[number];

/** A key pair that signs client assertions. */
export interface SigningKey {
  /** What the server knows it by: the thumbprint of RFC 7638, unless the key came with a name. */
  readonly kid: string;
  readonly alg: AssertionAlgorithm;
  /** A private JWK as JSON. In memory only: stored encrypted, never in an answer, a log or a job. */
  readonly privateJwk: string;
}

interface OAuthClient {
  readonly clientId: string;
  readonly scope: string;
  /** Left out: discovered. */
  readonly tokenEndpoint?: string;
}

/** How a secret is shown to the token endpoint (RFC 6749 2.3.1): as HTTP Basic, or in the form. */
export const secretWays = ['basic', 'post'] as const;

interface ClientSecret {
  /** In memory only: stored encrypted, never in an answer, a log or a job. */
  readonly clientSecret: string;
  /** Left out: `basic`. */
  readonly secretBy?: (typeof secretWays)[number];
}

/** How a connection gets its access tokens. */
export type ConnectionAuth =
  | { readonly method: 'none' }
  | (OAuthClient & ClientSecret & { readonly method: 'client_credentials' })
  | (OAuthClient & {
      /** SMART Backend Services: an assertion signed by a private key stands in for the secret. */
      readonly method: 'private_key_jwt';
      readonly alg: AssertionAlgorithm;
      /** Left out: the deployment's own, published at `/.well-known/jwks.json`. */
      readonly signingKey?: SigningKey;
    })
  | (OAuthClient &
      Partial<ClientSecret> & {
        /** A user has agreed at the EHR; without a secret it is a public client, which PKCE stands in for. */
        readonly method: 'authorization_code';
      });

/** What the server's CapabilityStatement offers, read by a worker. */
export interface Capabilities {
  readonly readAt: Date;
  readonly fhirVersion?: string;
  readonly software?: string;
  readonly exportLevels: readonly ('system' | 'patient' | 'group')[];
  /** Types that can be searched by patient, or read in bulk. */
  readonly resourceTypes: readonly string[];
  /** Types with the interaction `search-type`. Left out: the server lists no interactions, or it was read by an older version. */
  readonly searchTypes?: readonly string[];
  /** `_revinclude` values of a search of patients, such as `Observation:patient`. Left out: none, or read by an older version. */
  readonly patientRevIncludes?: readonly string[];
}

/** A server's upgrade is noticed within a day; one more request a day costs nothing. */
const capabilitiesMaxAgeMs = 24 * 60 * 60_000;

/** Whether what a server offers was read so lately that it need not be read again. */
export function areCurrent({ readAt }: Capabilities, now: Date): boolean {
  return now.getTime() - readAt.getTime() < capabilitiesMaxAgeMs;
}

/** What one step of a connection test came to. */
export interface ConnectionTestStep {
  readonly step: 'discovery' | 'token' | 'read';
  readonly ok: boolean;
  readonly durationMs: number;
  /** Of a read: what was asked of the EHR, and what that shows. */
  readonly tried?: string;
  readonly code?: string;
  readonly message?: string;
  /** For whoever has to mend it. */
  readonly whatToDo?: string;
}

/** A test goes on until the first step that fails. */
export interface ConnectionTest {
  readonly id: string;
  readonly endedAt: Date;
  readonly ok: boolean;
  readonly steps: readonly ConnectionTestStep[];
}

/** One practice's credentials at a provider. */
export interface Connection {
  readonly id: string;
  readonly provider: string;
  readonly environment: string;
  /** Absolute, without a trailing slash. */
  readonly fhirEndpoint: string;
  readonly practiceId?: string;
  /** The Group whose `$export` covers the practice. */
  readonly groupId?: string;
  /** The patient that the connection is about, where it is about one: a FHIR id. */
  readonly userId?: string;
  /** Called when an export or a sync of the connection has ended. */
  readonly webhookUrl?: string;
  readonly auth: ConnectionAuth;
  /** Counts changes of `auth`: a token that was had with earlier credentials is not used any more. Left out: 0. */
  readonly credentialsVersion?: number;
  /** The user's authorization has ended, or was not given yet. */
  readonly needsAuthorization?: boolean;
  readonly capabilities?: Capabilities;
  readonly lastTest?: ConnectionTest;
  readonly createdAt: Date;
}
