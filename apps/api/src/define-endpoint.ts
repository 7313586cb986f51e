import * as http from '@bulkhead/http';
import type { Services } from '@bulkhead/system';

export const defineEndpoint = http.defineEndpointFor<Services>();

export type ErrorPage = http.ErrorPage<Services>;
