/** A rule of FHIR Bulk Data, of SMART or of this system that a client can violate. */
export interface Rule {
  /** Tests of the rule have `#id` in their title. */
  readonly id: string;
  readonly text: string;
  readonly source: string;
}

const spec = 'FHIR Bulk Data 3.0.0';

/** In the order of docs/bulk-data-conformance.md. Each rule needs a passing test, and each `#id` in a title needs a rule here. */
export const rules: readonly Rule[] = [
  rule(
    'accept',
    `${spec}, Headers`,
    'The kick-off, status and file requests each send the Accept header that the specification requires.',
  ),
  rule(
    'busy-at-kick-off',
    `${spec}, Kick-off`,
    'A 429 at the kick-off ("already in progress") leads to a wait, not to a failure.',
  ),
  rule(
    'negotiation',
    `${spec}, Kick-off`,
    'A parameter that the server rejects by name (`_since`, `_type`, a type, `_typeFilter`, GET, POST) is dropped, recorded and reported.',
  ),
  rule(
    'lost-kick-off',
    'here',
    'An accepted kick-off is not repeated if MongoDB is unavailable. A kick-off whose answer was lost is repeated, with a warning.',
  ),
  rule(
    'retry-after',
    `${spec}, In-Progress Status`,
    'Retry-After in seconds or as an HTTP-date sets the next poll, within 30 s and 10 min. An invalid value counts as 30 s.',
  ),
  rule(
    'transient-errors',
    `${spec}, Error Status`,
    '429, 502, 503, 504 and an OperationOutcome `transient` are retried with increasing waits.',
  ),
  rule(
    'error-budget',
    'here',
    'An export fails after 16 polls in a row with an error. A good answer resets the count.',
  ),
  rule(
    'error-bodies',
    `${spec}, Error Status`,
    'Error bodies may be HTML, plain text, empty, or in the format of athenahealth.',
  ),
  rule(
    'status-terminal',
    `${spec}, Error Status`,
    '404, 410 and any other permanent error of a status request ends the export at once.',
  ),
  rule(
    'partial-manifest',
    `${spec}, In-Progress Status`,
    '202 with a manifest, or 200 with X-Export-Status, means that the export is still running.',
  ),
  rule('manifest-paging', `${spec}, Complete Status`, 'All pages of a manifest are read, or the manifest is not used.'),
  rule('large-manifest', 'here', 'A manifest of 20,000 files is streamed into the ledger.'),
  rule(
    'relative-urls',
    `${spec}, Complete Status`,
    'Relative URLs in Content-Location and in the manifest are resolved.',
  ),
  rule(
    'types-missing',
    `${spec}, Complete Status`,
    'A requested type that is missing in the export is reported, with the reason.',
  ),
  rule('types-unasked', `${spec}, Complete Status`, 'A type in the export that was not requested is reported.'),
  rule(
    'complete',
    `${spec}, Complete Status`,
    'The stored resources equal the served ones. An empty `output` is a success.',
  ),
  rule(
    'partial-success',
    `${spec}, Complete Status`,
    '`error` files are read, counted by severity and code, and shown. STU4’s `outcome` is handled in the same way.',
  ),
  rule(
    'file-token',
    `${spec}, Output File Request`,
    'The token is sent if requiresAccessToken is true, not if it is false, and never to another host.',
  ),
  rule('redirect-token', 'RFC 9110 15.4', 'A redirect to another origin does not receive the token.'),
  rule(
    'egress',
    'here',
    'No link, redirect or host name leads into the network of the workers or to the metadata service of a cloud.',
  ),
  rule(
    'token-renewal',
    'SMART Backend Services',
    'A token that expires during polls or downloads is renewed once for all requests.',
  ),
  rule(
    'fresh-links',
    `${spec}, Complete Status`,
    'Expired links are replaced from the manifest, which is requested once for all of them.',
  ),
  rule(
    'resume',
    'RFC 9110 13.1.5, 14.2',
    'A download resumes at the last committed byte, or restarts if the file has changed.',
  ),
  rule(
    'clean-end',
    'RFC 9112 6.3, RFC 1952',
    'A file is complete only if its length, its last chunk or its gzip trailer shows that.',
  ),
  rule(
    'counts-reconcile',
    `${spec}, Complete Status`,
    'If stored + stale + quarantined differs from the promised count, the file is read again. If both downloads are equal, their count is accepted and reported.',
  ),
  rule(
    'ndjson',
    `${spec}, Output File`,
    'A byte order mark, CRLF, blank lines, trailing spaces, a missing last newline and characters split over chunks change no resource.',
  ),
  rule(
    'answers',
    `${spec}, Output File Request`,
    'Only 200, or 206 to a resume, is a file. 202, 429 and 503 lead to a retry. A web page is requested again, as after a 503. Other statuses and content types fail the file.',
  ),
  rule(
    'encodings',
    'RFC 9110 8.4',
    'Search pages, manifests, files and error bodies are decoded from gzip, deflate, br and zstd, up to a maximum size.',
  ),
  rule(
    'ranges',
    'RFC 9110 14.4, 15.3.7',
    'A 206 is accepted only if it is exactly the rest of the same version. Otherwise the file is read from the start, once.',
  ),
  rule(
    'file-identity',
    'here',
    'A file is identified by its section and path, never by its position in the manifest. If two files cannot be distinguished, the export fails with a reason.',
  ),
  rule(
    'mixed-files',
    `${spec}, organizeOutputBy`,
    'In a file without a known type, each line is stored by its own type. OperationOutcomes among resources are read.',
  ),
  rule(
    'waits',
    'here',
    'A wait that the EHR or the budget requires does not count as an attempt. It has its own limit, and the status shows it.',
  ),
  rule(
    'nonsense',
    'here',
    'A request with an invalid answer is tried three times. Then it fails, and operators can see the answer.',
  ),
  rule('loops', 'here', 'A cycle of pages, or an unrequested 206, ends after a bounded number of requests.'),
  rule('control-characters', 'RFC 8259 7', 'A line with raw control characters in a string is repaired.'),
  rule(
    'quarantine',
    'here',
    'A line that is not a usable resource is stored encrypted, with its file, line, offset, size, hash and reason.',
  ),
  rule(
    'long-line',
    'here',
    'If a line is too long for a document, its first 16 MB, its size and its hash are stored, in bounded memory.',
  ),
  rule('too-many-bad-lines', 'here', 'More than 1 % bad lines (and more than 100) fail the file.'),
  rule('replay', 'here', 'A quarantined line can be stored after a fix of Bulkhead, or as corrected by an operator.'),
  rule('number-text', 'FHIR R4, decimal', 'The API returns every number with the digits that the server sent.'),
  rule('newest-wins', 'FHIR R4, versioning', 'The newest version wins: by lastUpdated, then by versionId.'),
  rule('confluence', 'here', 'Any order of files, workers and repetitions leads to the same state.'),
  rule('subsetted', 'FHIR R4, SUBSETTED', 'An incomplete resource never replaces a complete one.'),
  rule(
    'deletions',
    `${spec}, deleted`,
    'Each entry of a `deleted` Bundle creates a tombstone, and a file that is stored later does not restore the resource.',
  ),
  rule(
    'watermarks',
    'here',
    'A watermark advances only if everything before it is stored: output, deleted and error files are complete, without a gap.',
  ),
  rule(
    'evidence',
    'here',
    'A watermark stays, with its reasons, if an error, a deletion, a count, a scope, an offered type or the time leaves a doubt.',
  ),
  rule(
    'since-last',
    'here',
    '`since: "last"` requests the changes since the watermark, or everything, and reports which.',
  ),
  rule(
    'done-signal',
    `${spec}, Delete Request`,
    'DELETE is sent once the data are stored, and repeated until the server accepts it.',
  ),
  rule(
    'orphans',
    `${spec}, Delete Request`,
    'Each known status URL gets a DELETE, also if its export is no longer needed.',
  ),
  rule(
    'cancel',
    `${spec}, Delete Request`,
    'A cancelled export ends at once in every phase, in Bulkhead and at the server.',
  ),
  rule('retry', 'here', 'A retry downloads only what is missing.'),
  rule(
    'stuck',
    'athenahealth guide',
    'An export of more than an hour leads to a warning. An export of more than 48 hours fails, with advice.',
  ),
  rule(
    'idempotency-key',
    'IETF draft',
    'A repeated POST with the same Idempotency-Key returns the result of the first one.',
  ),
  rule('error-message', 'athenahealth guide', '`errorMessage` names the cause and the remedy.'),
  rule('two-workers', 'here', 'If two workers get the same job, it takes effect once.'),
  rule(
    'clock',
    'here',
    'A change of the wall clock by minutes delays nothing, because leases expire by the clock of the database.',
  ),
  rule(
    'crash',
    'here',
    'If processes are killed, or Redis or MongoDB loses data, is unavailable or is full, no resource is lost or duplicated, and every failure is reported.',
  ),
];

function rule(id: string, source: string, text: string): Rule {
  return { id, source, text };
}
