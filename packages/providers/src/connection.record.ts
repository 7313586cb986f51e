/** The algorithms that SMART Backend Services requires of every server and client. */
export const assertionAlgorithms = ['RS384', 'ES384'] as const;
export type AssertionAlgorithm = (typeof assertionAlgorithms)[number];

/** A key pair that signs client assertions. */
export interface SigningKey {
  /** The key id that the server knows. It is the thumbprint of RFC 7638, unless the key was imported with an id. */
  readonly kid: string;
  readonly alg: AssertionAlgorithm;
  /** A private JWK as JSON. It is stored encrypted, and is never part of a response, a log or a job. */
  readonly privateJwk: string;
}

interface OAuthClient {
  readonly clientId: string;
  readonly scope: string;
  /** If it is left out, discovery finds it. */
  readonly tokenEndpoint?: string;
}

/** How the client sends its secret to the token endpoint (RFC 6749 2.3.1): with HTTP Basic, or in the form. */
export const secretWays = ['basic', 'post'] as const;

interface ClientSecret {
  /** It is stored encrypted, and is never part of a response, a log or a job. */
  readonly clientSecret: string;
  /** The default is `basic`. */
  readonly secretBy?: (typeof secretWays)[number];
}

/** How a connection gets its access tokens. */
export type ConnectionAuth =
  | { readonly method: 'none' }
  | (OAuthClient & ClientSecret & { readonly method: 'client_credentials' })
  | (OAuthClient & {
      /** SMART Backend Services: the client sends an assertion that is signed with a private key instead of a secret. */
      readonly method: 'private_key_jwt';
      readonly alg: AssertionAlgorithm;
      /** The default is the key of the deployment, which is published at `/.well-known/jwks.json`. */
      readonly signingKey?: SigningKey;
    })
  | (OAuthClient &
      Partial<ClientSecret> & {
        /** A user has given consent at the EHR. A client without a secret is a public client and relies on PKCE. */
        readonly method: 'authorization_code';
      });

/** The capabilities of a server, which a worker reads from its CapabilityStatement. */
export interface Capabilities {
  readonly readAt: Date;
  readonly fhirVersion?: string;
  readonly software?: string;
  readonly exportLevels: readonly ('system' | 'patient' | 'group')[];
  /** Types that can be searched by patient, or read in bulk. */
  readonly resourceTypes: readonly string[];
  /** Types with the interaction `search-type`. Absent if the server lists no interactions, or if an older version read it. */
  readonly searchTypes?: readonly string[];
  /** `_revinclude` values of a patient search, such as `Observation:patient`. Absent if there are none, or if an older version read it. */
  readonly patientRevIncludes?: readonly string[];
}

/** An upgrade of the server is noticed within a day. This costs only one request a day. */
const capabilitiesMaxAgeMs = 24 * 60 * 60_000;

/** Whether the capabilities are recent enough that they need not be read again. */
export function areCurrent({ readAt }: Capabilities, now: Date): boolean {
  return now.getTime() - readAt.getTime() < capabilitiesMaxAgeMs;
}

/** The result of one step of a connection test. */
export interface ConnectionTestStep {
  readonly step: 'discovery' | 'token' | 'read';
  readonly ok: boolean;
  readonly durationMs: number;
  /** For the step `read`: the request that was sent to the EHR, and what its success proves. */
  readonly tried?: string;
  readonly code?: string;
  readonly message?: string;
  /** Advice for the operator who has to fix it. */
  readonly whatToDo?: string;
}

/** A test ends at the first step that fails. */
export interface ConnectionTest {
  readonly id: string;
  readonly endedAt: Date;
  readonly ok: boolean;
  readonly steps: readonly ConnectionTestStep[];
}

/** The credentials of one practice at a provider. */
export interface Connection {
  readonly id: string;
  readonly provider: string;
  readonly environment: string;
  /** An absolute URL without a trailing slash. */
  readonly fhirEndpoint: string;
  readonly practiceId?: string;
  /** The Group whose `$export` covers the practice. */
  readonly groupId?: string;
  /** The FHIR id of the patient, if the connection is about a single patient. */
  readonly userId?: string;
  /** The URL that is called when an export or a sync of the connection ends. */
  readonly webhookUrl?: string;
  readonly auth: ConnectionAuth;
  /** Increases with each change of `auth`, so that tokens of earlier credentials are no longer used. The default is 0. */
  readonly credentialsVersion?: number;
  /** The user's authorization has ended or has not been given yet. */
  readonly needsAuthorization?: boolean;
  readonly capabilities?: Capabilities;
  readonly lastTest?: ConnectionTest;
  readonly createdAt: Date;
}
