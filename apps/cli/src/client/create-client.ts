import createFetchClient, { type Client } from 'openapi-fetch';
import { CliError, type ExitCode, exitCodes } from '../exit-codes.ts';
import type { paths } from './api-types.ts';

export type ApiClient = Client<paths>;

/** The API's operations, typed by its own document. */
export function createClient({ url, key }: { readonly url: string; readonly key: string }): ApiClient {
  return createFetchClient<paths>({
    baseUrl: url,
    headers: { authorization: `Bearer ${key}` },
    fetch: (request: Request) =>
      fetch(request).catch((cause: unknown) => {
        const message = `${url} does not answer. Verify --url (BULKHEAD_URL), and that the API runs.`;
        throw new CliError({
          message,
          exitCode: exitCodes.unavailable,
          error: { code: 'no-answer', cause: String(cause) },
        });
      }),
  });
}

interface Answer<Data> {
  readonly data?: Data;
  readonly error?: unknown;
  readonly response: Response;
}

/** @returns what the API answered. @throws CliError with the API's own words, and the exit code for its status */
export function answerOf<Data>({ data, error, response }: Answer<Data>): NonNullable<Data> {
  if (response.ok) return data as NonNullable<Data>;
  const { code = `status-${response.status}`, message = 'The API gave no reason.', details } = readError(error);
  const listed = Array.isArray(details) ? details.map((one) => `\n  ${one.path}: ${one.message}`).join('') : '';
  throw new CliError({
    message: `${message}${listed}`,
    exitCode: exitCodeOf(response.status),
    error: { code, message, details },
  });
}

interface ApiError {
  readonly code?: string;
  readonly message?: string;
  readonly details?: readonly { readonly path: string; readonly message: string }[] | object;
}

function readError(body: unknown): ApiError {
  return (body as { error?: ApiError } | undefined)?.error ?? {};
}

function exitCodeOf(status: number): ExitCode {
  if (status === 401 || status === 403) return exitCodes.refused;
  if (status === 404 || status === 410) return exitCodes.unknown;
  if (status === 409 || status === 422) return exitCodes.conflict;
  if (status === 429 || status >= 500) return exitCodes.unavailable;
  return exitCodes.usage;
}
