import type { SeenRequest } from '@bulkhead/embedded/simulator-control';
import { parseExact } from '@bulkhead/fhir';
import { emptyCheckpoint, type OutputFile, type Watermark } from '@bulkhead/imports/export';
import { describe, expect, test } from '@jest/globals';
import type { LedgerSample } from '../export/export-watch.ts';
import { type ComparedResource, compareResources, fingerprint, verifyResources } from './compare-resources.ts';
import { isWhole, type RoundExport, verifyEnds } from './verify-end.ts';
import { verifyLedger, verifyWatermarks } from './verify-records.ts';
import { verifyDownloads, verifyKickOffs, verifyOrders, verifyViolations } from './verify-requests.ts';

describe('the oracle about resources', () => {
  const at = (id: string, change: Partial<ComparedResource> = {}): ComparedResource => {
    return { id, versionId: '2', fingerprint: 'new', ...change };
  };
  const verify = (stored: readonly ComparedResource[]) =>
    verifyResources(compareResources({ type: 'Patient', served: [at('a'), at('b')], stored }));

  test('the oracle accepts a store with exactly the served resources', () => {
    expect(verify([at('b'), at('a')])).toEqual([]);
  });

  test('the oracle reports a missing resource, an old version and wrong content as lost', () => {
    expect(verify([at('a')])).toMatchObject([{ verdict: 'lost', count: 1, text: 'Patient/b missing' }]);
    expect(verify([at('a'), at('b', { versionId: '1', fingerprint: 'old' })])).toMatchObject([
      { verdict: 'lost', text: 'Patient/b other-version' },
    ]);
    expect(verify([at('a', { fingerprint: 'else' }), at('b')])).toMatchObject([
      { verdict: 'lost', text: 'Patient/a other-content' },
    ]);
  });

  test('the oracle reports a resource that is no longer served as duplicated', () => {
    expect(verify([at('a'), at('b'), at('deleted')])).toMatchObject([{ verdict: 'duplicated', count: 1 }]);
  });

  test('a fingerprint depends on the text of numbers, and not on the order of keys', () => {
    const of = (json: string) => fingerprint(parseExact(json));
    expect(of('{"id":"1","value":1.50}')).toBe(of('{"value":1.50,"id":"1"}'));
    expect(of('{"value":1.50}')).not.toBe(of('{"value":1.5}'));
  });
});

describe('the oracle about the ledger', () => {
  const file = (lines: number, state: OutputFile['state'] = 'completed') => {
    const checkpoint = { ...emptyCheckpoint, lines, stored: lines };
    return { id: 'job.0', section: 'output' as const, promisedCount: 10, checkpoint, state };
  };

  test('the oracle accepts a file that counts the served lines, or fewer if it is not completed', () => {
    expect(verifyLedger([file(10), file(4, 'failed')])).toEqual([]);
  });

  test('the oracle reports surplus lines as duplicated, and missing lines of a completed file as silent', () => {
    expect(verifyLedger([file(13)])).toMatchObject([{ verdict: 'duplicated', count: 3 }]);
    expect(verifyLedger([file(9)])).toMatchObject([{ verdict: 'silent', count: 1 }]);
  });
});

describe('the oracle about downloads', () => {
  const path = '/fhir/r4/bulkdata/x/Observation.ndjson';
  const get = (arrivedAtMs: number, change: Partial<SeenRequest> = {}): SeenRequest => {
    return { method: 'GET', path, arrivedAtMs, headers: {}, status: 200, bytesSent: 1000, durationMs: 50, ...change };
  };
  const sample = (atMs: number, change: Partial<LedgerSample> = {}): LedgerSample => {
    return { atMs, path, resumableBytes: 0, state: 'downloading', attempts: 1, ...change };
  };
  const verify = (requests: readonly SeenRequest[], samples: readonly LedgerSample[] = []) =>
    verifyDownloads(requests, samples);

  test('the oracle accepts a resume, a refused request, and a restart of which nothing was stored', () => {
    expect(
      verify([get(0, { bytesSent: 5_000_000 }), get(100, { headers: { range: 'bytes=9-' }, status: 206 })]),
    ).toEqual([]);
    expect(verify([get(0, { status: 503, bytesSent: 5_000_000 }), get(100)])).toEqual([]);
    expect(verify([get(0), get(100)], [sample(1), sample(90, { attempts: 2 })])).toEqual([]);
  });

  test('the oracle reports a restart after megabytes were sent as duplicated', () => {
    expect(verify([get(0, { bytesSent: 3_100_000 }), get(100)])).toMatchObject([{ verdict: 'duplicated', count: 1 }]);
  });

  test('the oracle reports a restart as duplicated if the ledger had a position to resume at', () => {
    const samples = [sample(10, { resumableBytes: 700 }), sample(90, { resumableBytes: 700, attempts: 2 })];
    expect(verify([get(0), get(100)], samples)).toMatchObject([{ verdict: 'duplicated', count: 1 }]);
  });

  test('the oracle accepts a restart by an attempt that was overtaken', () => {
    const samples = [sample(10), sample(20, { attempts: 2 }), sample(90, { attempts: 2, resumableBytes: 700 })];
    expect(verify([get(30), get(100)], samples)).toEqual([]);
  });
});

describe('the oracle about kick-offs', () => {
  const kickOff = (arrivedAtMs: number, change: Partial<SeenRequest> = {}): SeenRequest => {
    const path = '/fhir/r4/Patient/$export';
    return { method: 'GET', path, arrivedAtMs, headers: {}, status: 202, durationMs: 20, ...change };
  };
  const verify = (requests: readonly SeenRequest[], disruptions: readonly { fromMs: number; toMs: number }[] = []) =>
    verifyKickOffs({ requests, disruptions, orderedAtMs: [0, 10_000] });

  test('the oracle accepts one accepted kick-off for each export', () => {
    const requests = [kickOff(10, { status: 429 }), kickOff(1500), kickOff(10_010)];
    expect(verify(requests)).toEqual({ findings: [], unavoidable: 0 });
  });

  test('the oracle reports a repeated kick-off as duplicated', () => {
    const repeated = verify([kickOff(10), kickOff(5000)], [{ fromMs: 3000, toMs: 3010 }]);
    expect(repeated).toMatchObject({ findings: [{ verdict: 'duplicated', count: 1 }], unavoidable: 0 });
  });

  test('the oracle counts a repeated kick-off as unavoidable if the process was killed before it stored the answer', () => {
    const requests = [kickOff(10), kickOff(5000)];
    expect(verify(requests, [{ fromMs: 25, toMs: 30 }])).toEqual({ findings: [], unavoidable: 1 });
    expect(verify(requests, [{ fromMs: 0, toMs: 4000 }])).toEqual({ findings: [], unavoidable: 1 });
  });
});

test('the oracle accepts one export for each POST, and ignores an export that the API withdrew', () => {
  const seen = [{ id: 'a' }, { id: 'b', error: { code: 'unavailable' as const, message: '' } }];
  expect(verifyOrders(seen, ['a'])).toEqual([]);
});

test('the oracle reports a second export as duplicated', () => {
  expect(verifyOrders([{ id: 'a' }, { id: 'b' }], ['a'])).toMatchObject([{ verdict: 'duplicated', count: 1 }]);
});

describe('the oracle about watermarks', () => {
  const at = new Date('2026-01-02T00:00:00Z');
  const watermark: Watermark = {
    connectionId: 'conn_1',
    exportType: 'Patient',
    resourceType: 'Patient',
    transactionTime: at.toISOString(),
    at,
    deletionsAt: at,
    exportId: 'a',
  };
  const settled = { id: 'a', phase: 'completed', transactionTime: at.toISOString() } as const;
  const verify = (change: Partial<Parameters<typeof verifyWatermarks>[0]>) =>
    verifyWatermarks({ watermarks: [watermark], earlier: [], exports: [settled], differences: [], ...change });

  test('the oracle accepts a watermark if everything before it is stored', () => {
    const later = { type: 'Patient', id: '1', what: 'missing', lastUpdated: new Date('2026-01-03') } as const;
    expect(verify({ differences: [later] })).toEqual([]);
  });

  test('the oracle reports a wrong watermark as silent', () => {
    const before = { type: 'Patient', id: '1', what: 'missing', lastUpdated: new Date('2026-01-01') } as const;
    expect(verify({ differences: [before] })).toMatchObject([{ verdict: 'silent', count: 1 }]);
    expect(verify({ exports: [{ ...settled, phase: 'downloading' }] })).toMatchObject([{ verdict: 'silent' }]);
    expect(verify({ exports: [{ ...settled, transactionTime: '2026-01-01T00:00:00Z' }] })).toMatchObject([
      { verdict: 'silent' },
    ]);
    expect(verify({ earlier: [{ ...watermark, at: new Date('2026-01-03') }] })).toMatchObject([{ verdict: 'silent' }]);
  });
});

describe('the oracle about the ends of exports', () => {
  const end = (change: Partial<RoundExport['end']> = {}) => ({
    exportId: 'a',
    end: { status: 'COMPLETED', warnings: [], ...change } as const,
  });
  const failed = end({ status: 'FAILED', errorCode: 'internal', errorMessage: 'why' });
  const partial = end({ warnings: [{ code: 'files-failed', message: '' }] });
  const verify = (change: Partial<Parameters<typeof verifyEnds>[0]>) =>
    verifyEnds({ exports: [end()], mayFail: false, differences: 0, ...change });

  test('the oracle accepts a complete export, and a reported failure in an outage that is followed by a complete export', () => {
    expect(verify({})).toEqual([]);
    expect(verify({ exports: [failed, end()], mayFail: true })).toEqual([]);
    expect(isWhole(end({ warnings: [{ code: 'kick-off-repeated', message: '' }] }))).toBe(true);
    expect(isWhole(partial)).toBe(false);
  });

  test('the oracle reports a missing answer, end, reason or warning as silent', () => {
    expect(verify({ exports: [{}] })).toMatchObject([{ verdict: 'silent' }]);
    expect(verify({ exports: [{ exportId: 'a' }] })).toMatchObject([{ verdict: 'silent' }]);
    expect(verify({ exports: [end({ status: 'FAILED' })], mayFail: true })).toMatchObject([{ verdict: 'silent' }]);
    expect(verify({ differences: 3 })).toMatchObject([{ verdict: 'silent', count: 1 }]);
  });

  test('the oracle reports a failure after a short crash as lost', () => {
    expect(verify({ exports: [failed] })).toMatchObject([{ verdict: 'lost' }]);
    expect(verify({ exports: [partial] })).toMatchObject([{ verdict: 'lost' }]);
  });
});

test('the oracle reports each violation of a rule, except for tokens that the server had to forget', () => {
  const expired = { kind: 'token', reason: 'expired access token' };
  const rate = { kind: 'rate', reason: 'more than 16 requests in 2 s' };
  expect(verifyViolations([expired], ['expire-tokens'])).toEqual([]);
  expect(verifyViolations([expired], [])).toMatchObject([{ verdict: 'violations', count: 1 }]);
  expect(verifyViolations([rate], ['expire-tokens'])).toMatchObject([{ count: 1 }]);
});
