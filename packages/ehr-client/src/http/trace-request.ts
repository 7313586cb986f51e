import type { Tracing } from '@bulkhead/runtime';
import { AxiosError, type AxiosResponse } from 'axios';
import type { RequestKind } from './ehr-observer.ts';

/**
 * A span for a request: from its wait for the limiter, over its tries, to its answer; a stream goes on after that. Of the address
 * only the host is told, since paths have ids of patients; and the EHR is told of no trace.
 */
export function traceRequest<Data>(options: {
  readonly tracing: Tracing;
  readonly provider: string;
  readonly kind: RequestKind;
  readonly method: string;
  readonly url: string;
  readonly send: () => Promise<AxiosResponse<Data>>;
}): Promise<AxiosResponse<Data>> {
  const { tracing, provider, kind, method, url, send } = options;
  if (!tracing.isOn) return send();
  const attributes = {
    'http.request.method': method,
    'server.address': new URL(url).hostname,
    'bulkhead.provider': provider,
    'bulkhead.kind': kind,
  };
  return tracing.span({ name: `EHR ${kind}`, kind: 'client', attributes }, async (span) => {
    const tell = (response: AxiosResponse | undefined) => {
      if (response) span.set({ 'http.response.status_code': response.status });
    };
    try {
      const response = await send();
      tell(response);
      return response;
    } catch (error) {
      if (error instanceof AxiosError) tell(error.response);
      throw error;
    }
  });
}
