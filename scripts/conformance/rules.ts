/** A rule of FHIR Bulk Data, of SMART or of this system, and what of it a client can break. */
export interface Rule {
  /** Tests name it as `#id` in their title. */
  readonly id: string;
  readonly text: string;
  readonly source: string;
}

const spec = 'FHIR Bulk Data 3.0.0';

/** In the order of docs/bulk-data-conformance.md. Each needs a test that passes, and each `#id` in a title a rule here. */
export const rules: readonly Rule[] = [
  rule('accept', `${spec}, Headers`, 'Kick-off, status and files are asked for with the exact Accept each wants.'),
  rule(
    'busy-at-kick-off',
    `${spec}, Kick-off`,
    '429 at the kick-off ("already in progress") is waited for, not fatal.',
  ),
  rule(
    'negotiation',
    `${spec}, Kick-off`,
    'What a server refuses by name (`_since`, `_type`, a type, `_typeFilter`, GET, POST) is left out, recorded and said.',
  ),
  rule(
    'lost-kick-off',
    'here',
    'An accepted kick-off is not sent again while MongoDB is away; one whose answer was lost is, with a warning.',
  ),
  rule(
    'retry-after',
    `${spec}, In-Progress Status`,
    'Retry-After as seconds or HTTP-date sets the next poll, from 30 s to 10 min; nonsense is 30 s, never a hot loop.',
  ),
  rule(
    'transient-errors',
    `${spec}, Error Status`,
    '429, 502, 503, 504 and an OperationOutcome `transient` are asked again, with growing waits.',
  ),
  rule('error-budget', 'here', 'Errors in a row end the export after 16 polls; one answer starts the budget anew.'),
  rule(
    'error-bodies',
    `${spec}, Error Status`,
    'Error bodies may be HTML, plain text, empty, or athenahealth’s dialect.',
  ),
  rule('status-terminal', `${spec}, Error Status`, '404, 410 and any other error on status are the end, at once.'),
  rule(
    'partial-manifest',
    `${spec}, In-Progress Status`,
    '202 with a manifest, or 200 with X-Export-Status, means that the export is still running.',
  ),
  rule('manifest-paging', `${spec}, Complete Status`, 'A manifest is read to the last of its pages, or not at all.'),
  rule('large-manifest', 'here', 'A manifest of 20,000 files is streamed into the ledger.'),
  rule('relative-urls', `${spec}, Complete Status`, 'Relative Content-Location and URLs are resolved.'),
  rule(
    'types-missing',
    `${spec}, Complete Status`,
    'A type that was asked for and did not come is said, with the reason.',
  ),
  rule('types-unasked', `${spec}, Complete Status`, 'A type that was not asked for and came is said.'),
  rule('complete', `${spec}, Complete Status`, 'What is served is what is stored; an empty `output` is a success.'),
  rule(
    'partial-success',
    `${spec}, Complete Status`,
    '`error` files are read, counted by severity and code, and shown; STU4’s `outcome` is the same.',
  ),
  rule(
    'file-token',
    `${spec}, Output File Request`,
    'requiresAccessToken true sends the token, false does not, and no foreign host ever gets it.',
  ),
  rule('redirect-token', 'RFC 9110 15.4', 'A redirect to another origin loses the token.'),
  rule(
    'egress',
    'here',
    'No link, redirect or name leads into the network that the workers run in, or to the metadata of a cloud.',
  ),
  rule(
    'token-renewal',
    'SMART Backend Services',
    'A token that expires during polls or downloads is renewed, once for all.',
  ),
  rule('fresh-links', `${spec}, Complete Status`, 'Links that expire are replaced from the manifest, asked for once.'),
  rule(
    'resume',
    'RFC 9110 13.1.5, 14.2',
    'A download goes on at the byte, or from the start where the file has changed.',
  ),
  rule(
    'clean-end',
    'RFC 9112 6.3, RFC 1952',
    'A file ends by its length, its last chunk or its gzip trailer, or it did not end.',
  ),
  rule(
    'counts-reconcile',
    `${spec}, Complete Status`,
    'Promised = stored + stale + quarantined; else the file is read again, and two equal downloads settle it, visibly.',
  ),
  rule(
    'ndjson',
    `${spec}, Output File`,
    'Byte order mark, CRLF, blank lines, trailing spaces, no last newline, characters split over chunks: no harm.',
  ),
  rule(
    'answers',
    `${spec}, Output File Request`,
    'Only 200, or 206 on a resume, is a file; 202, 429 and 503 mean later; other statuses and content types fail it.',
  ),
  rule(
    'encodings',
    'RFC 9110 8.4',
    'Search pages, manifests, files and error bodies are decoded from gzip, deflate, br and zstd, up to a size.',
  ),
  rule(
    'ranges',
    'RFC 9110 14.4, 15.3.7',
    'A 206 is taken only if it is exactly the rest of the same version; else the file is read from the start, once.',
  ),
  rule(
    'file-identity',
    'here',
    'A file is known by its section and path, never by its place in the manifest; what cannot be told apart fails loudly.',
  ),
  rule(
    'mixed-files',
    `${spec}, organizeOutputBy`,
    'A file without a known type is stored by the types of its lines; OperationOutcomes among resources are read.',
  ),
  rule(
    'waits',
    'here',
    'A wait that the EHR or the budget asks for is no attempt; it has its own limit, and the status shows it.',
  ),
  rule(
    'nonsense',
    'here',
    'An answer that makes no sense is tried three times, then fails with what came, for operators.',
  ),
  rule('loops', 'here', 'A cycle of pages, or a 206 that nobody asked for, ends after a bounded number of requests.'),
  rule('control-characters', 'RFC 8259 7', 'A line with raw control characters in a string is repaired.'),
  rule(
    'quarantine',
    'here',
    'A line that is not a usable resource is kept encrypted, with file, line, offset, size, hash and reason.',
  ),
  rule(
    'long-line',
    'here',
    'Of a line that no document can hold the first 16 MB are kept, with its size and hash, in bounded memory.',
  ),
  rule('too-many-bad-lines', 'here', 'Over 1 % bad lines (and over 100) fail the file.'),
  rule('replay', 'here', 'A line is stored after a fix of ours, or as an operator has corrected it.'),
  rule('number-text', 'FHIR R4, decimal', 'Every number comes out of the API with the text that the server sent.'),
  rule('newest-wins', 'FHIR R4, versioning', 'The newest version wins: by lastUpdated, then versionId.'),
  rule('confluence', 'here', 'Any order of files, workers and repetitions ends in the same state.'),
  rule('subsetted', 'FHIR R4, SUBSETTED', 'An incomplete resource never replaces a complete one.'),
  rule(
    'deletions',
    `${spec}, deleted`,
    '`deleted` Bundles make tombstones, entry by entry, that no late file resurrects.',
  ),
  rule(
    'watermarks',
    'here',
    'A watermark advances only when all up to it is stored: output, deleted and error settled, no gap.',
  ),
  rule(
    'evidence',
    'here',
    'A watermark stays, with its reasons, if an error, a deletion, a count, a scope, an offer or the time leaves a doubt.',
  ),
  rule('since-last', 'here', '`since: "last"` asks for what changed since the watermark, or for all and says so.'),
  rule('done-signal', `${spec}, Delete Request`, 'DELETE is sent once the data is safe, and again until it is taken.'),
  rule(
    'orphans',
    `${spec}, Delete Request`,
    'Each status URL that became known gets its DELETE, also of an export that is of no more use.',
  ),
  rule('cancel', `${spec}, Delete Request`, 'A cancelled export ends at once in every phase, here and at the server.'),
  rule('retry', 'here', 'A retry fetches only what is missing.'),
  rule('stuck', 'athenahealth guide', 'Over an hour is warned of; over 48 hours is given up, with advice.'),
  rule('idempotency-key', 'IETF draft', 'A repeated POST with an Idempotency-Key answers for the first one.'),
  rule('error-message', 'athenahealth guide', '`errorMessage` names the cause and the remedy.'),
  rule('two-workers', 'here', 'Two workers that are told to do the same job do it once.'),
  rule('clock', 'here', 'A wall clock that is set by minutes holds nothing up: leases end by the database’s clock.'),
  rule(
    'crash',
    'here',
    'Processes killed, Redis or MongoDB lost, away or full: nothing lost, nothing twice, nothing silent.',
  ),
];

function rule(id: string, source: string, text: string): Rule {
  return { id, source, text };
}
