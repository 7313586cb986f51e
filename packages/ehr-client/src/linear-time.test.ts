import { Readable } from 'node:stream';
import {
  compareVersions,
  cronFault,
  documentFileName,
  isTimeZone,
  parseMediaType,
  plausibleTime,
  toEhrText,
} from '@bulkhead/domain';
import { documentBytes, findSuperlinear, type Reader } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { readManifest } from './bulk-data/export-status.ts';
import { contentCodings } from './http/decode-body.ts';
import { parseRetryAfter } from './http/retry-after.ts';
import { interpretStatement } from './search/capability-statement.ts';

const now = new Date('2026-05-01T10:00:00Z');
const manifestUrl = 'https://ehr.example/status/1';

function manifest(text: string) {
  const chunks = Buffer.from(text);
  return readManifest({ body: Readable.from([chunks], { objectMode: false }), manifestUrl });
}

function version(versionId: string) {
  return { subsetted: false, deleted: false, lastUpdated: now, observedAt: now, contentHash: '', versionId };
}

/** What an EHR sends, and what a user sends that the domain reads. */
const parsers: readonly Reader[] = [
  { name: 'Retry-After', parse: (value) => parseRetryAfter({ value, now }) },
  { name: 'Content-Encoding', parse: (text) => contentCodings({ 'content-encoding': text }) },
  { name: 'Content-Type', parse: parseMediaType },
  { name: 'the parameters of Content-Type', parse: parseMediaType, wrap: (run) => `text/plain;${run}` },
  { name: 'a manifest', smallestBytes: documentBytes, parse: manifest },
  {
    name: 'a manifest that is cut in a string',
    smallestBytes: documentBytes,
    parse: manifest,
    wrap: (run) => `{"transactionTime":"${run}`,
  },
  {
    name: 'the link of a manifest',
    parse: manifest,
    wrap: (run) =>
      `{"transactionTime":"2026-05-01T10:00:00Z","output":[],"link":[{"relation":"next","url":${JSON.stringify(run)}}]}`,
  },
  {
    name: 'a CapabilityStatement',
    parse: (text) =>
      interpretStatement(
        {
          resourceType: 'CapabilityStatement',
          fhirVersion: text,
          instantiates: [text],
          software: { name: text, version: text },
          rest: [{ mode: 'server', resource: [{ type: text }], operation: [{ name: text, definition: text }] }],
        },
        now,
      ),
  },
  { name: 'a text of the EHR', parse: toEhrText },
  { name: 'the title of a document', parse: (title) => documentFileName({ title, contentType: title } as never) },
  { name: 'lastUpdated', parse: (text) => plausibleTime({ claimed: new Date(text), observedAt: now }) },
  {
    name: 'versionId',
    parse: (versionId) => compareVersions(version(versionId), version(`${versionId}1`)),
  },
  { name: 'a cron expression', parse: cronFault },
  { name: 'a time zone', parse: isTimeZone },
];

test.each(parsers)(
  '$name is read in time that grows no faster than its size',
  async ({ name: _, smallestBytes = 256_000, ...parser }) => {
    expect(await findSuperlinear({ smallestBytes, ...parser })).toEqual([]);
  },
);
