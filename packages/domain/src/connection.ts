/** How a connection gets its access tokens. */
export type ConnectionAuth =
  | { readonly method: 'none' }
  | {
      readonly method: 'client_credentials';
      readonly clientId: string;
      /** In memory only: stored encrypted, never in an answer, a log or a job. */
      readonly clientSecret: string;
      /** Left out: discovered from `.well-known/smart-configuration`. */
      readonly tokenEndpoint?: string;
      readonly scope: string;
    };

/** What the server's CapabilityStatement offers, read by a worker. */
export interface Capabilities {
  readonly readAt: Date;
  readonly fhirVersion?: string;
  readonly software?: string;
  readonly exportLevels: readonly ('system' | 'patient' | 'group')[];
  /** Types that can be searched by patient, or read in bulk. */
  readonly resourceTypes: readonly string[];
  /** `_revinclude` values of a search of patients, such as `Observation:patient`. Left out: none, or read by an older version. */
  readonly patientRevIncludes?: readonly string[];
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
  readonly capabilities?: Capabilities;
  readonly createdAt: Date;
}
