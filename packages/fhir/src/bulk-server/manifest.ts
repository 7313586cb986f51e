/** A file of a manifest. */
export interface ManifestFile {
  readonly type: string;
  readonly url: string;
  readonly count?: number;
}

/** The answer to a status request of a complete export (FHIR Bulk Data 2.0.0, "Response - Complete Status"). */
export function writeManifest<File extends ManifestFile>(options: {
  readonly transactionTime: Date;
  /** The URL of the kick-off. */
  readonly request: string;
  readonly requiresAccessToken: boolean;
  readonly output: readonly File[];
  readonly deleted: readonly File[];
  readonly error: readonly File[];
}) {
  const { transactionTime, request, requiresAccessToken, output, deleted, error } = options;
  return { transactionTime: transactionTime.toISOString(), request, requiresAccessToken, output, deleted, error };
}

/** The text of a parameter that was ignored because of `handling=lenient`, for an OperationOutcome. */
export function ignoredText(name: string): string {
  return `The parameter ${name} is not supported and was ignored.`;
}

/** The issue of an OperationOutcome about a parameter that was ignored. */
export function ignoredIssue(name: string) {
  const text = ignoredText(name);
  return { severity: 'warning', code: 'not-supported', details: { text }, diagnostics: text };
}
