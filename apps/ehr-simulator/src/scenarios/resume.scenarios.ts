import { framed } from './framed.ts';
import { matches } from './matches.ts';
import { patientCutBytes } from './patient-cut-bytes.ts';
import type { Scenario } from './scenario.ts';

const match = matches.patients;
const cutOnce = { match, fault: { kind: 'truncate', afterBytes: patientCutBytes } };

export const resumeScenarios = [
  {
    name: 'range-ignored',
    description: 'The Patient file is cut once, and a Range is answered 200 with the whole.',
    orders: [framed({ as: 'content-length' }), cutOnce, { match, fault: { kind: 'ignore-range' }, times: 'always' }],
  },
  {
    name: 'changed-file',
    description:
      'The Patient file is cut once; then a Patient changes, and the file has other content and another ETag.',
    orders: [
      framed({ as: 'content-length' }),
      cutOnce,
      { match, fault: { kind: 'regenerate-files', type: 'Patient' }, after: 1 },
    ],
  },
  {
    name: 'weak-etag',
    description: 'The Patient file is cut once, and its ETag is weak: If-Range with it is answered 200 with the whole.',
    orders: [
      framed({ as: 'content-length' }),
      cutOnce,
      { match, fault: { kind: 'headers', set: { etag: 'W/"patients"' } }, times: 'always' },
    ],
  },
  {
    name: 'no-etag',
    description: 'The Patient file is cut once, and it has no ETag and no Last-Modified.',
    orders: [
      framed({ as: 'content-length' }),
      cutOnce,
      { match, fault: { kind: 'headers', set: { etag: null, 'last-modified': null } }, times: 'always' },
    ],
  },
] as const satisfies readonly Scenario[];
