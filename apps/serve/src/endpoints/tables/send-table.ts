import type { Fault } from '@bulkhead/base';
import { appendConnection, appendFurther, type Caller, leftSignal, sendLines } from '@bulkhead/http';
import type { StreamTable } from '@bulkhead/serving/tables/commands';
import { baseUrlOf } from '../../base-url.ts';
import type { HandlerInput } from '../../define-endpoint.ts';

export type TableRequest = Omit<StreamTable, 'scope' | 'keyId' | 'signal' | 'onFurther' | 'baseOf'>;
type Input = Pick<
  HandlerInput<unknown, unknown, unknown, unknown, Caller>,
  'caller' | 'services' | 'process' | 'audit' | 'request' | 'response'
>;

/** Streams a table as the response. @throws AppError of `TableService.open`, and of its first rows */
export async function sendTable(input: Input, table: TableRequest): Promise<void> {
  const { caller, services, process, audit, request, response } = input;
  const [first = '', ...others] = table.connectionIds;
  audit.addTarget({ connectionId: first });
  const signal = leftSignal(response);
  const onFurther = (further: readonly string[]) => appendFurther(response, further);
  const { scope, apiKey } = caller;
  const { provider } = table;
  const baseOf = (connectionId: string) => baseUrlOf({ request, process, params: { provider, connectionId } });
  const opened = await services.tables.open({ ...table, scope, keyId: apiKey.id, baseOf, signal, onFurther });
  audit.addPatients(opened.patients);
  for (const connectionId of others) await appendConnection(response, connectionId);
  // A reader that continued after a table that a limit has cut would never see the rows behind its end.
  if (table.limit === undefined && table.operation === undefined)
    response.set('X-Table-Until', opened.until.toISOString());
  const { chunks: lines, contentType, fileName, warnings, keyColumn, viewHash, resourceType } = opened;
  response.set('X-Table-View', viewHash);
  response.set('X-Table-Type', resourceType);
  if (keyColumn !== undefined) response.set('X-Table-Key', keyColumn);
  if (warnings.length > 0) response.set('X-Table-Warnings', toHeader(warnings));
  await sendLines({ lines, contentType, fileName, response, signal, slots: process.downloads });
}

/** Proxies accept headers of 4 KB, and each warning has up to 250 bytes. */
const maxWarnings = 10;

/** @returns JSON in ASCII, as headers must be */
function toHeader(warnings: readonly Fault[]): string {
  const json = JSON.stringify(warnings.slice(0, maxWarnings));
  return json.replaceAll(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
