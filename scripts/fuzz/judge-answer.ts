import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { ApiDocument, ApiOperation } from './api-operations.ts';

export interface FuzzAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

export interface Finding {
  readonly kind: 'server-error' | 'undocumented';
  readonly what: string;
}

/** Codes of 5xx that are no fault of ours: the EHR has not answered, or not with everything. */
const honestCodes = new Set(['capabilities-unknown', 'sync-incomplete']);
/** A frame of a stack trace has a place in a file. */
const stackTrace = /\n\s+at \S.*:\d+:\d+/;

/** Holds answers against the API's document, by a validator that had no part in making it. */
export function createJudge(document: ApiDocument) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, 'api');
  const error = ajv.getSchema('api#/components/schemas/Error');
  return {
    judge(operation: ApiOperation | undefined, answer: FuzzAnswer): Finding | undefined {
      const { status, text } = answer;
      const body = parse(answer);
      const code = (body as { error?: { code?: unknown } } | undefined)?.error?.code;
      if (status >= 500 && !honestCodes.has(String(code)) && operation?.operationId !== 'getReadiness') {
        return { kind: 'server-error', what: `${status} ${String(code)}` };
      }
      if (stackTrace.test(text)) return { kind: 'undocumented', what: `${status} with a stack trace` };
      const what = operation ? faultOf(ajv, { operation, answer, body }) : strayFault(error, { status, body });
      return what === undefined ? undefined : { kind: 'undocumented', what };
    },
  };
}

/** Outside of the document everything is an error of ours, or a page. */
function strayFault(
  validate: ValidateFunction | undefined,
  { status, body }: { readonly status: number; readonly body: unknown },
): string | undefined {
  if (status < 400 || body === undefined || validate?.(body)) return undefined;
  return `${status} for an address that is not documented, not in the shape of an error`;
}

function faultOf(
  ajv: Ajv2020,
  options: { readonly operation: ApiOperation; readonly answer: FuzzAnswer; readonly body: unknown },
): string | undefined {
  const { operation, answer, body } = options;
  const { status } = answer;
  const documented = operation.responses[status];
  if (!documented) return `${status}: ${answer.text.slice(0, 100)}`;
  // What a redirect says is for nobody.
  if (status >= 300 && status < 400) return undefined;
  const types = Object.keys(documented.content ?? {});
  if (types.length === 0) return answer.text === '' ? undefined : `${status} with a body`;
  const type = answer.contentType.replace(/;.*$/s, '').trim();
  // NDJSON has no schema of its own: it is said in words.
  if (type === 'application/fhir+ndjson' || types.includes('*/*')) return undefined;
  if (!types.includes(type)) return `${status} as ${type || 'nothing'}`;
  if (!documented.content?.[type]?.schema) return undefined;
  const place = [
    'paths',
    operation.path,
    operation.method.toLowerCase(),
    'responses',
    String(status),
    'content',
    type,
    'schema',
  ];
  const pointer = place.map((one) => encodeURIComponent(one.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
  const validate = ajv.getSchema(`api#/${pointer}`);
  if (!validate) throw new Error(`no schema at ${pointer}`);
  return validate(body) ? undefined : `${status}: ${ajv.errorsText(validate.errors)}`;
}

function parse({ contentType, text }: FuzzAnswer): unknown {
  if (!/\bjson\b/.test(contentType)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Judged as what it is: no JSON.
    return undefined;
  }
}
