/** An error response of the API. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: unknown;

  constructor({
    status,
    code,
    message,
    details,
  }: { status: number; code: string; message: string; details?: unknown }) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

export type ApiClient = ReturnType<typeof createApiClient>;

/** Creates a client that returns the data of a response and throws an `ApiError` for an error response. */
export function createApiClient(options: {
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Default: no limit. */
  readonly timeoutMs?: number;
}) {
  const { baseUrl, apiKey, timeoutMs } = options;
  return async function call<Data>(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Data> {
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) }),
    });
    const answer = (await response.json()) as {
      success: boolean;
      data: Data;
      error: { code: string; message: string };
    };
    if (!answer.success) throw new ApiError({ status: response.status, ...answer.error });
    return answer.data;
  };
}
