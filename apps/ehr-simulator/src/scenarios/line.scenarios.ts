import { always, matches, resource, type Scenario, type ScenarioOrder } from './scenario.ts';

/** The second line, because the lines before and after it must survive. */
const line = 2;

export const lineScenarios = [
  {
    name: 'corrupt-line',
    description: 'The second line of the Patient file is half a resource at every download.',
    orders: [inPatients({ kind: 'corrupt-line', line })],
  },
  {
    name: 'many-bad-lines',
    description: 'Every fourth line of the Patient file is half a resource.',
    orders: [inPatients({ kind: 'corrupt-line', every: 4 })],
  },
  {
    name: 'null-line',
    description: 'The second line of the Patient file is `null`.',
    orders: [inPatients({ kind: 'corrupt-line', line, with: 'null' })],
  },
  {
    name: 'array-line',
    description: 'The second line of the Patient file is an array.',
    orders: [inPatients({ kind: 'corrupt-line', line, with: '[{"resourceType":"Patient","id":"in-a-list"}]' })],
  },
  {
    name: 'array-files',
    description: 'Each file is one JSON array of resources.',
    orders: [always(matches.files, { kind: 'file-form', as: 'array' })],
  },
  {
    name: 'pretty-files',
    description: 'The resources of files have line breaks.',
    orders: [always(matches.files, { kind: 'file-form', as: 'pretty' })],
  },
  {
    name: 'pretty-array-files',
    description: 'Each file is one JSON array of resources with line breaks.',
    orders: [always(matches.files, { kind: 'file-form', as: 'pretty-array' })],
  },
  {
    name: 'bundle-files',
    description: 'Each file is one Bundle.',
    orders: [always(matches.files, { kind: 'file-form', as: 'bundle' })],
  },
  {
    name: 'no-id',
    description: 'The second resource of the Patient file has no id.',
    orders: [inPatients({ kind: 'edit-resource', line, set: { id: null } })],
  },
  {
    name: 'other-type',
    description: 'The second resource of the Patient file has the resourceType Basic.',
    orders: [inPatients({ kind: 'edit-resource', line, set: { resourceType: 'Basic' } })],
  },
  {
    name: 'control-characters',
    description: 'The second line of the Patient file has raw control characters inside a string.',
    orders: [inPatients({ kind: 'control-characters', line })],
  },
  {
    name: 'invalid-utf8',
    description: 'The second line of the Patient file has bytes inside a string that are not valid UTF-8.',
    orders: [inPatients({ kind: 'invalid-utf8', line })],
  },
  {
    name: 'long-line',
    description: 'The second line of the Patient file is valid JSON of more than 17 MB.',
    orders: [inPatients({ kind: 'long-line', line })],
  },
  {
    name: 'byte-order-mark',
    description: 'The Patient file starts with a byte order mark.',
    orders: [inPatients({ kind: 'bom' })],
  },
  {
    name: 'crlf',
    description: 'The lines of the Patient file end with CRLF.',
    orders: [inPatients({ kind: 'line-endings', style: 'crlf' })],
  },
  {
    name: 'blank-lines',
    description: 'A blank line follows each line of the Patient file.',
    orders: [inPatients({ kind: 'line-endings', style: 'blank-line' })],
  },
  {
    name: 'trailing-spaces',
    description: 'Each line of the Patient file ends with a space.',
    orders: [inPatients({ kind: 'line-endings', style: 'trailing-space' })],
  },
  {
    name: 'no-final-newline',
    description: 'The last line of the Patient file has no newline.',
    orders: [inPatients({ kind: 'no-final-newline' })],
  },
  {
    name: 'careless-file',
    description: 'The Patient file has a byte order mark, CRLF, and blank lines.',
    orders: [
      inPatients({ kind: 'bom' }),
      inPatients({ kind: 'line-endings', style: 'blank-line' }),
      inPatients({ kind: 'line-endings', style: 'crlf' }),
    ],
  },
  {
    name: 'exact-numbers',
    description: 'An Observation has the numbers 1.50, 12345678901234567890, 1e2 and -0.0 with exactly these digits.',
    orders: [
      resource(
        '{"resourceType":"Observation","id":"exact-numbers","status":"final","code":{"text":"numbers"},"component":[' +
          '{"code":{"text":"a"},"valueQuantity":{"value":1.50}},' +
          '{"code":{"text":"b"},"valueQuantity":{"value":12345678901234567890}},' +
          '{"code":{"text":"c"},"valueQuantity":{"value":1e2}},' +
          '{"code":{"text":"d"},"valueQuantity":{"value":-0.0}}]}',
      ),
    ],
  },
] as const satisfies readonly Scenario[];

/** Changes the file itself, for every reader and every range. */
function inPatients(fault: ScenarioOrder['fault']): ScenarioOrder {
  return always(matches.patients, { ...fault, consistent: true });
}
