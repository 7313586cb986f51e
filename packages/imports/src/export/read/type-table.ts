import type { ConnectionStore, ConnectionWithoutSecrets } from '@bulkhead/connections';
import { exportNote, type Provider, recordTypes } from '@bulkhead/ehr/providers';
import {
  enhancedResourceTypes,
  isNarrowed,
  isResourceType,
  isUncovered,
  scopeVersionsOf,
  standardResourceTypes,
} from '@bulkhead/fhir';
import type { ResourceStore } from '@bulkhead/records';
import { instantSchema, type View, viewOf } from '@bulkhead/store';
import { z } from 'zod';
import type { BulkExport } from '../bulk-export.record.ts';
import type { BulkExportStore } from '../export.feature.ts';
import { coverageOf } from '../sent-request.ts';

/** What is known of one type at the EHR of a connection. What is not known is absent, and is not a no. */
export const typeRowSchema = z
  .strictObject({
    resourceType: z.string().describe('A FHIR resource type.'),
    declared: z
      .boolean()
      .exactOptional()
      .describe('Whether the CapabilityStatement has the type. Absent if there is none.'),
    exported: z
      .enum(['sent', 'refused', 'not-sent'])
      .exactOptional()
      .describe(
        'What the EHR did in the last export that asked for everything of the type: it sent files, refused the type, or sent none. Absent if there was no such export.',
      ),
    exportedAt: instantSchema.exactOptional().describe('When that export ended.'),
    searched: z
      .enum(['by-patient', 'by-id', 'otherwise'])
      .exactOptional()
      .describe(
        'How the EHR searches the type, as its CapabilityStatement or the provider says: a sync needs `by-patient`. Absent if neither does.',
      ),
    covered: z
      .boolean()
      .exactOptional()
      .describe(
        'Whether the scopes of the current access token cover the type. Absent without a token that names scopes.',
      ),
    stored: z.boolean().describe('Whether resources of the type are stored here.'),
    note: z.string().exactOptional().describe('What else is known of the type, with its source.'),
  })
  .meta({ id: 'TypeRow', description: 'What is known of one type at the EHR of a connection.' });
type TypeRow = View<typeof typeRowSchema>;

/** More than a month of daily exports. An older answer of the EHR may no longer hold. */
const examinedExports = 35;

/** One row for each type of records that the EHR declares, that the guide names, or that was exported or stored. */
export async function makeTypeTable(options: {
  readonly store: BulkExportStore & Pick<ConnectionStore, 'accessTokens'> & Pick<ResourceStore, 'resources'>;
  readonly connection: ConnectionWithoutSecrets;
  readonly provider: Provider;
}): Promise<TypeRow[]> {
  const { store, connection, provider } = options;
  const { id: connectionId, capabilities, credentialsVersion = 0 } = connection;
  const { token } = await store.accessTokens.read({ connectionId, credentialsVersion });
  const scope = token?.scope;
  const answers = await readAnswers(store, connectionId);
  const stored = new Set(await store.resources.listStoredTypes(connectionId));
  const declared = recordTypes(capabilities);
  const types = new Set([
    ...declared,
    ...standardResourceTypes,
    ...enhancedResourceTypes,
    ...answers.keys(),
    ...stored,
  ]);
  const namesTypes = scope !== undefined && scopeVersionsOf(scope).length > 0;
  return [...types].toSorted().map((resourceType) =>
    viewOf(typeRowSchema, {
      resourceType,
      declared: declared.length > 0 ? declared.includes(resourceType) : undefined,
      exported: answers.get(resourceType)?.exported,
      exportedAt: answers.get(resourceType)?.exportedAt,
      searched: searchedBy({ connection, provider, resourceType }),
      covered: namesTypes ? !isUncovered({ scope, resourceType }) : undefined,
      stored: stored.has(resourceType),
      note: provider.search?.notByPatient[resourceType] ?? exportNote({ provider, resourceType }),
    }),
  );
}

function searchedBy(options: {
  readonly connection: ConnectionWithoutSecrets;
  readonly provider: Provider;
  readonly resourceType: string;
}): TypeRow['searched'] {
  const { connection, provider, resourceType } = options;
  const { patientSearchTypes, searchTypes } = connection.capabilities ?? {};
  if (resourceType === 'Patient') return 'by-id';
  if (provider.search?.notByPatient[resourceType] !== undefined) return 'by-id';
  if (patientSearchTypes?.includes(resourceType)) return 'by-patient';
  return searchTypes?.includes(resourceType) ? 'otherwise' : undefined;
}

interface Answer {
  readonly exported: NonNullable<TypeRow['exported']>;
  readonly exportedAt: string | undefined;
}

/** What the EHR did with each type in the last export that asked for everything of it. */
async function readAnswers(store: BulkExportStore, connectionId: string): Promise<ReadonlyMap<string, Answer>> {
  const answers = new Map<string, Answer>();
  for (const record of await store.bulkExports.listCompleted({ connectionId, limit: examinedExports })) {
    const sent = await store.outputFiles.listSentTypes(record.id);
    const exportedAt = record.completedAt?.toISOString();
    const note = (types: readonly string[], exported: Answer['exported']) => {
      for (const type of types) if (!answers.has(type)) answers.set(type, { exported, exportedAt });
    };
    note(sent.filter(isResourceType), 'sent');
    note(record.sent?.refusedTypes ?? [], 'refused');
    if (asksForAll(record)) note(askedTypes(record), 'not-sent');
  }
  return answers;
}

function asksForAll({ request, sent }: BulkExport): boolean {
  return (sent ?? request).since === undefined && !isNarrowed(request);
}

function askedTypes(record: BulkExport): readonly string[] {
  const { resourceTypes } = record.request;
  return resourceTypes.length > 0 ? resourceTypes : recordTypes({ resourceTypes: coverageOf(record).types ?? [] });
}
