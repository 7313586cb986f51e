import { get, type IncomingHttpHeaders } from 'node:http';

export interface RawResponse {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A response as it is on the wire: fetch would decode it, and forgives a gzip stream without an end. */
export function rawGet({
  url,
  headers,
}: {
  readonly url: string;
  readonly headers: Record<string, string>;
}): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}
