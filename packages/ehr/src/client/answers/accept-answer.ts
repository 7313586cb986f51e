import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { AppError, type RetryAdvice, toEhrText } from '@bulkhead/base';
import { drain } from '@bulkhead/base/egress';
import type { AxiosResponse } from 'axios';
import { ehrError } from '../errors.ts';
import { type AnswerRules, retryAfterOf } from './answer-rules.ts';
import { checkNdjson } from './check-ndjson.ts';
import { decodeBody, decodeFile, limitBody } from './decode-body.ts';
import { readErrorBody, readStart } from './read-error-body.ts';
import { toUtf8 } from './to-utf8.ts';

export interface EhrResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The parsed JSON, the decoded body as a Readable, an `ErrorBody`, or undefined: see `AnswerRules.body`. */
  readonly data: unknown;
  /** The URL after redirects. */
  readonly url: string;
}

/** How long to wait for a file that is not ready if the server does not say so. */
const defaultWaitMs = 30_000;

/**
 * Returns an answer if it meets `rules`.
 * @throws AppError `ehr-not-ready` (wait), `answer-unusable` (retried a few times; a web page as often as a 503, another file not at all), `answer-too-large`,
 * `connection-lost`
 */
export async function acceptAnswer(options: {
  readonly response: AxiosResponse<IncomingMessage>;
  readonly rules: AnswerRules;
  readonly url: string;
}): Promise<EhrResponse> {
  const { response, rules, url } = options;
  const { status, data: message } = response;
  const headers = response.headers as Record<string, string | undefined>;
  if (rules.later?.includes(status)) {
    drain(message);
    throw notReady(retryAfterOf(response) ?? defaultWaitMs);
  }
  if (!rules.usable.includes(status)) throw await unusable(response, rules);
  if (rules.body === 'ignored' || typeof rules.body === 'object') {
    const needsBody = typeof rules.body === 'object' && headers[rules.body.explanationWithout] === undefined;
    if (needsBody) return { status, headers, data: await readErrorBody(message), url };
    drain(message);
    return { status, headers, data: undefined, url };
  }
  const error = () => tooLarge(rules);
  const trailing = () => answerUnusable({ rules, fault: 'bytes follow the end of its compressed data' });
  const notDecoded = () => {
    message.destroy();
    return answerUnusable({ rules, fault: 'it has a content coding that was not requested, or more than two' });
  };
  // The rest of a file, which a 206 has, begins anywhere.
  if (rules.isNdjson === true && status !== 206) {
    const file = await decodeFile(message, { error, trailing });
    if (!file) throw notDecoded();
    return ndjsonOf(file.body, { status, headers: file.headers, url, rules });
  }
  const decoded = decodeBody(message, { error, trailing });
  if (!decoded) throw notDecoded();
  const data = limitBody({ ...rules, body: decoded, received: message, error });
  return { status, headers, data: rules.body === 'json' ? await readJson(data, rules) : data, url };
}

/** Converts an error while a body was read: of the connection, of the compressed data, or an AppError of the reader. */
export function toBodyError(cause: unknown): unknown {
  if (cause instanceof AppError) return cause;
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === 'string' && brokenCodes.test(code) ? connectionLost(cause) : cause;
}

/** Codes of the socket, of the HTTP parser, of axios for a cut-off stream, and of zlib for incomplete or damaged data. */
const brokenCodes = /^(E[A-Z]+|ERR_STREAM_PREMATURE_CLOSE|ERR_BAD_RESPONSE|Z_[A-Z]+|ERR_BROTLI\w*|ZSTD\w*|HPE_\w+)$/;

function connectionLost(cause: unknown): AppError {
  const isSilent = (cause as { readonly code?: unknown } | undefined)?.code === 'ETIMEDOUT';
  return ehrError('connection-lost', { cause, ...(isSilent ? { context: { reason: 'silent' } } : {}) });
}

async function readJson(body: Readable, rules: AnswerRules): Promise<unknown> {
  let bytes: Buffer;
  try {
    bytes = await buffer(body);
  } catch (error) {
    throw toBodyError(error);
  }
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw answerUnusable({ rules, fault: 'it is not JSON', ehrText: toEhrText(bytes.toString('utf8')) });
  }
}

/** @throws AppError `answer-unusable` */
async function ndjsonOf(
  body: Readable,
  { rules, ...answer }: Omit<EhrResponse, 'data'> & { readonly rules: AnswerRules },
): Promise<EhrResponse> {
  const { headers } = answer;
  const contentType = headers['content-type'];
  const text = await toUtf8(body, contentType);
  const checked = await checkNdjson(text.body, { contentType, holdsBundles: rules.holdsBundles === true });
  if (checked.isNdjson) {
    // A download cannot resume at a byte of what was rewritten.
    const kept = checked.isRewritten || text.isConverted ? { ...headers, etag: undefined } : headers;
    return { ...answer, headers: kept, data: checked.body };
  }
  const ehrText = toEhrText(`${contentType ?? ''} ${checked.start}`);
  if (checked.isBundle) {
    const message =
      "The EHR's file is a Bundle, and not NDJSON with a resource on each line. Ask the EHR's support for files in NDJSON, then retry the export.";
    throw ehrError('answer-unusable', { message, ehrText });
  }
  if (checked.isWebPage) {
    // A gateway can answer with the page of a login or of its maintenance, as with 503. The EHR still has what was requested.
    const fault = 'it is a web page, perhaps of a gateway, a login or a maintenance';
    throw answerUnusable({ rules, fault, retry: 'later', ehrText });
  }
  throw ehrError('answer-unusable', { ehrText });
}

async function unusable({ status, headers, data }: AxiosResponse<IncomingMessage>, rules: AnswerRules) {
  const start = await readStart(data);
  const ehrText = toEhrText(`${headers['content-type'] ?? ''} ${start?.toString('utf8') ?? ''}`);
  return answerUnusable({ rules, fault: `its status is ${status}`, status, ehrText });
}

/** The answer does not have the expected form. */
function answerUnusable(options: {
  readonly rules: Pick<AnswerRules, 'name'>;
  /** Why the answer is not what was requested. */
  readonly fault: string;
  /** Default: `briefly`. */
  readonly retry?: RetryAdvice;
  readonly status?: number;
  readonly ehrText?: string | undefined;
}): AppError {
  const { rules, fault, retry = 'briefly', status, ehrText } = options;
  return ehrError('answer-unusable', {
    message: `The EHR's response cannot be used as a ${rules.name}: ${fault}. Retry, and contact the EHR's support if this does not help.`,
    retry,
    ...(status === undefined ? {} : { context: { status } }),
    ehrText,
  });
}

function notReady(afterMs: number): AppError {
  return ehrError('ehr-not-ready', { retry: { afterMs } });
}

function tooLarge({ name }: AnswerRules): AppError {
  return ehrError('answer-too-large', {
    message: `The EHR's ${name} is too large, so the rest of it was not read. Contact the EHR's support.`,
  });
}
