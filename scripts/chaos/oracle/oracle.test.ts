import { emptyCheckpoint, type OutputFile, type Watermark } from '@bulkhead/bulk-export';
import { parseExact } from '@bulkhead/fhir';
import { describe, expect, test } from '@jest/globals';
import type { LedgerSample } from '../export/export-watch.ts';
import type { ExportView } from '../export/follow-export.ts';
import type { SeenRequest } from '../system/simulator-control.ts';
import { fingerprint } from './fingerprint.ts';
import { judgeDownloads } from './judge-downloads.ts';
import { isWhole, judgeEnds } from './judge-end.ts';
import { judgeKickOffs } from './judge-kick-offs.ts';
import { judgeLedger } from './judge-ledger.ts';
import { judgeOrders } from './judge-orders.ts';
import { judgeResources } from './judge-resources.ts';
import { judgeViolations } from './judge-violations.ts';
import { judgeWatermarks } from './judge-watermarks.ts';
import { type ComparedResource, compareResources } from './read-differences.ts';

describe('resources', () => {
  const at = (id: string, change: Partial<ComparedResource> = {}): ComparedResource => {
    return { id, versionId: '2', fingerprint: 'new', ...change };
  };
  const judge = (stored: readonly ComparedResource[]) =>
    judgeResources(compareResources({ type: 'Patient', served: [at('a'), at('b')], stored }));

  test('equal sets are no finding', () => {
    expect(judge([at('b'), at('a')])).toEqual([]);
  });

  test('a missing one, an old version and wrong content are lost', () => {
    expect(judge([at('a')])).toMatchObject([{ verdict: 'lost', count: 1, text: 'Patient/b missing' }]);
    expect(judge([at('a'), at('b', { versionId: '1', fingerprint: 'old' })])).toMatchObject([
      { verdict: 'lost', text: 'Patient/b other-version' },
    ]);
    expect(judge([at('a', { fingerprint: 'else' }), at('b')])).toMatchObject([
      { verdict: 'lost', text: 'Patient/a other-content' },
    ]);
  });

  test('one that is not served any more is duplicated', () => {
    expect(judge([at('a'), at('b'), at('deleted')])).toMatchObject([{ verdict: 'duplicated', count: 1 }]);
  });

  test('a fingerprint sees the text of a number, and not the order of keys', () => {
    const of = (json: string) => fingerprint(parseExact(json));
    expect(of('{"id":"1","value":1.50}')).toBe(of('{"value":1.50,"id":"1"}'));
    expect(of('{"value":1.50}')).not.toBe(of('{"value":1.5}'));
  });
});

describe('the ledger', () => {
  const file = (lines: number, state: OutputFile['state'] = 'completed') => {
    const checkpoint = { ...emptyCheckpoint, lines, stored: lines };
    return { id: 'job.0', section: 'output' as const, promisedCount: 10, checkpoint, state };
  };

  test('counts what was served, or less while a file is not done', () => {
    expect(judgeLedger([file(10), file(4, 'failed')])).toEqual([]);
  });

  test('more is duplicated, less in a completed file is silent', () => {
    expect(judgeLedger([file(13)])).toMatchObject([{ verdict: 'duplicated', count: 3 }]);
    expect(judgeLedger([file(9)])).toMatchObject([{ verdict: 'silent', count: 1 }]);
  });
});

describe('downloads', () => {
  const path = '/fhir/r4/bulkdata/x/Observation.ndjson';
  const get = (arrivedAtMs: number, change: Partial<SeenRequest> = {}): SeenRequest => {
    return { method: 'GET', path, arrivedAtMs, headers: {}, status: 200, bytesSent: 1000, durationMs: 50, ...change };
  };
  const sample = (atMs: number, change: Partial<LedgerSample> = {}): LedgerSample => {
    return { atMs, path, resumableBytes: 0, state: 'downloading', attempts: 1, ...change };
  };
  const judge = (requests: readonly SeenRequest[], samples: readonly LedgerSample[] = []) =>
    judgeDownloads({ requests, samples });

  test('a resume, a refused request, and a start of which nothing was stored are no finding', () => {
    expect(
      judge([get(0, { bytesSent: 5_000_000 }), get(100, { headers: { range: 'bytes=9-' }, status: 206 })]),
    ).toEqual([]);
    expect(judge([get(0, { status: 503, bytesSent: 5_000_000 }), get(100)])).toEqual([]);
    expect(judge([get(0), get(100)], [sample(1), sample(90, { attempts: 2 })])).toEqual([]);
  });

  test('a start after megabytes were sent is duplicated', () => {
    expect(judge([get(0, { bytesSent: 3_100_000 }), get(100)])).toMatchObject([{ verdict: 'duplicated', count: 1 }]);
  });

  test('a start by an attempt that knew where to resume is duplicated', () => {
    const samples = [sample(10, { resumableBytes: 700 }), sample(90, { resumableBytes: 700, attempts: 2 })];
    expect(judge([get(0), get(100)], samples)).toMatchObject([{ verdict: 'duplicated', count: 1 }]);
  });

  test('a start by an attempt that was overtaken is not', () => {
    const samples = [sample(10), sample(20, { attempts: 2 }), sample(90, { attempts: 2, resumableBytes: 700 })];
    expect(judge([get(30), get(100)], samples)).toEqual([]);
  });
});

describe('kick-offs', () => {
  const kickOff = (arrivedAtMs: number, change: Partial<SeenRequest> = {}): SeenRequest => {
    const path = '/fhir/r4/Patient/$export';
    return { method: 'GET', path, arrivedAtMs, headers: {}, status: 202, durationMs: 20, ...change };
  };
  const judge = (requests: readonly SeenRequest[], strikes: readonly { fromMs: number; toMs: number }[] = []) =>
    judgeKickOffs({ requests, strikes, orderedAtMs: [0, 10_000] });

  test('one an export, refused ones aside', () => {
    const requests = [kickOff(10, { status: 429 }), kickOff(1500), kickOff(10_010)];
    expect(judge(requests)).toEqual({ findings: [], unavoidable: 0 });
  });

  test('a repeat is duplicated', () => {
    const repeated = judge([kickOff(10), kickOff(5000)], [{ fromMs: 3000, toMs: 3010 }]);
    expect(repeated).toMatchObject({ findings: [{ verdict: 'duplicated', count: 1 }], unavoidable: 0 });
  });

  test('a repeat is unavoidable where the process was taken while the answer was on its way', () => {
    const requests = [kickOff(10), kickOff(5000)];
    expect(judge(requests, [{ fromMs: 25, toMs: 30 }])).toEqual({ findings: [], unavoidable: 1 });
    expect(judge(requests, [{ fromMs: 0, toMs: 4000 }])).toEqual({ findings: [], unavoidable: 1 });
  });
});

describe('orders', () => {
  test('one export an order; a withdrawn one never ran', () => {
    const seen = [{ id: 'a' }, { id: 'b', error: { code: 'unavailable', message: '' } }];
    expect(judgeOrders({ seen, followed: ['a'] })).toEqual([]);
  });

  test('a second one beside it is duplicated', () => {
    expect(judgeOrders({ seen: [{ id: 'a' }, { id: 'b' }], followed: ['a'] })).toMatchObject([
      { verdict: 'duplicated', count: 1 },
    ]);
  });
});

describe('watermarks', () => {
  const at = new Date('2026-01-02T00:00:00Z');
  const watermark: Watermark = {
    connectionId: 'conn_1',
    exportType: 'Patient',
    resourceType: 'Patient',
    transactionTime: at.toISOString(),
    at,
    exportId: 'a',
  };
  const settled = { id: 'a', phase: 'completed', transactionTime: at.toISOString() } as const;
  const judge = (change: Partial<Parameters<typeof judgeWatermarks>[0]>) =>
    judgeWatermarks({ watermarks: [watermark], earlier: [], exports: [settled], differences: [], ...change });

  test('one that is true is no finding', () => {
    const later = { type: 'Patient', id: '1', what: 'missing', lastUpdated: new Date('2026-01-03') } as const;
    expect(judge({ differences: [later] })).toEqual([]);
  });

  test('one that lies loses in silence', () => {
    const before = { type: 'Patient', id: '1', what: 'missing', lastUpdated: new Date('2026-01-01') } as const;
    expect(judge({ differences: [before] })).toMatchObject([{ verdict: 'silent', count: 1 }]);
    expect(judge({ exports: [{ ...settled, phase: 'downloading' }] })).toMatchObject([{ verdict: 'silent' }]);
    expect(judge({ exports: [{ ...settled, transactionTime: '2026-01-01T00:00:00Z' }] })).toMatchObject([
      { verdict: 'silent' },
    ]);
    expect(judge({ earlier: [{ ...watermark, at: new Date('2026-01-03') }] })).toMatchObject([{ verdict: 'silent' }]);
  });
});

describe('ends', () => {
  const end = (change: Partial<ExportView> = {}) => ({
    exportId: 'a',
    end: {
      id: 'a',
      status: 'COMPLETED',
      phase: 'completed',
      warnings: [],
      counts: { promised: 1, stored: 1, filesFailed: 0 },
      ...change,
    } as const,
  });
  const failed = end({ status: 'FAILED', errorCode: 'internal', errorMessage: 'why' });
  const partial = end({ warnings: [{ code: 'files-failed', message: '' }] });
  const judge = (change: Partial<Parameters<typeof judgeEnds>[0]>) =>
    judgeEnds({ exports: [end()], mayFail: false, differences: 0, ...change });

  test('a whole export, and a loud failure over an outage that a second one makes good, are no finding', () => {
    expect(judge({})).toEqual([]);
    expect(judge({ exports: [failed, end()], mayFail: true })).toEqual([]);
    expect(isWhole(end({ warnings: [{ code: 'kick-off-repeated', message: '' }] }))).toBe(true);
    expect(isWhole(partial)).toBe(false);
  });

  test('no answer, no end, no reason, and no word about what is missing are silent', () => {
    expect(judge({ exports: [{}] })).toMatchObject([{ verdict: 'silent' }]);
    expect(judge({ exports: [{ exportId: 'a' }] })).toMatchObject([{ verdict: 'silent' }]);
    expect(judge({ exports: [end({ status: 'FAILED' })], mayFail: true })).toMatchObject([{ verdict: 'silent' }]);
    expect(judge({ differences: 3 })).toMatchObject([{ verdict: 'silent', count: 1 }]);
  });

  test('a failure over a plain crash is lost', () => {
    expect(judge({ exports: [failed] })).toMatchObject([{ verdict: 'lost' }]);
    expect(judge({ exports: [partial] })).toMatchObject([{ verdict: 'lost' }]);
  });
});

test('a broken rule counts, unless the server forgot its tokens by order', () => {
  const expired = { kind: 'token', reason: 'expired access token' };
  const rate = { kind: 'rate', reason: 'more than 16 requests in 2 s' };
  expect(judgeViolations({ violations: [expired], faults: ['expire-tokens'] })).toEqual([]);
  expect(judgeViolations({ violations: [expired], faults: [] })).toMatchObject([{ verdict: 'violations', count: 1 }]);
  expect(judgeViolations({ violations: [rate], faults: ['expire-tokens'] })).toMatchObject([{ count: 1 }]);
});
