import { anyPatient } from './audit-document.ts';
import type { AuditActor, AuditEvent } from './audit-event.record.ts';

const balp = 'https://profiles.ihe.net/ITI/BALP';
const terminology = 'http://terminology.hl7.org/CodeSystem';
const dicom = 'http://dicom.nema.org/resources/ontology/DCM';
const interaction = 'http://hl7.org/fhir/restful-interaction';

interface Coding {
  readonly system: string;
  readonly code: string;
}

/** How an AuditEvent describes a kind of action. */
interface Pattern {
  /** The profile of IHE's Basic Audit Log Patterns (BALP): `IHE.BasicAudit.<name>`, or `IHE.BasicAudit.Patient<name>`. */
  readonly profile?: string;
  readonly type: Coding;
  readonly subtype: Coding;
  /** The value of AuditEvent.action. */
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E';
  readonly clientRole: Coding;
  readonly serverRole: Coding;
  /** The role of a person at the client. */
  readonly userRole: Coding;
}

const restType: Coding = { system: `${terminology}/audit-event-type`, code: 'rest' };
const restful = (code: string): Coding => ({ system: interaction, code });
const dcm = (code: string): Coding => ({ system: dicom, code });
const participation = (code: string): Coding => ({ system: `${terminology}/v3-ParticipationType`, code });
/** The roles of DICOM: source and destination of the data. */
const [source, destination] = [dcm('110153'), dcm('110152')];
const sending = { clientRole: source, serverRole: destination, userRole: participation('AUT') };
const asking = { clientRole: source, serverRole: destination, userRole: participation('IRCP') };

const patterns = {
  create: { profile: 'Create', type: restType, subtype: restful('create'), action: 'C', ...sending },
  read: {
    profile: 'Read',
    type: restType,
    subtype: restful('read'),
    action: 'R',
    clientRole: destination,
    serverRole: source,
    userRole: participation('IRCP'),
  },
  query: { profile: 'Query', type: restType, subtype: restful('search-type'), action: 'E', ...asking },
  update: { profile: 'Update', type: restType, subtype: restful('update'), action: 'U', ...sending },
  delete: {
    profile: 'Delete',
    type: restType,
    subtype: restful('delete'),
    action: 'D',
    clientRole: dcm('110150'),
    serverRole: { system: `${terminology}/provenance-participant-type`, code: 'custodian' },
    userRole: participation('AUT'),
  },
  /** Actions that are not an interaction with a resource: cancel, retry, run. BALP has no pattern for them. */
  operation: { type: restType, subtype: restful('operation'), action: 'E', ...sending },
  login: { type: dcm('110114'), subtype: dcm('110122'), action: 'E', ...sending },
  logout: { type: dcm('110114'), subtype: dcm('110123'), action: 'E', ...sending },
  command: { type: dcm('110100'), subtype: restful('operation'), action: 'E', ...sending },
} as const satisfies Readonly<Record<string, Pattern>>;

/** The pattern for the verb of an action. */
const patternsByVerb: Readonly<Record<string, Pattern>> = {
  create: patterns.create,
  set: patterns.update,
  change: patterns.update,
  'change-credentials': patterns.update,
  'change-origins': patterns.update,
  read: patterns.read,
  describe: patterns.read,
  verify: patterns.read,
  'read-amounts': patterns.read,
  list: patterns.query,
  download: patterns.query,
  search: patterns.query,
  delete: patterns.delete,
  remove: patterns.delete,
  erase: patterns.delete,
  erased: patterns.delete,
  login: patterns.login,
  logout: patterns.logout,
  authenticate: patterns.login,
  issue: patterns.login,
};

function patternOf({ action }: AuditEvent): Pattern {
  if (action.startsWith('command.')) return patterns.command;
  return patternsByVerb[action.split('.').at(-1) ?? ''] ?? patterns.operation;
}

/** The process that recorded an event. */
export interface AuditSource {
  readonly hostName: string;
}

/**
 * Converts an event to FHIR R4 AuditEvents. BALP requires one for each patient. An event without a known patient becomes one
 * AuditEvent. A profile is stated only if its rules hold: BALP describes successful actions over a network.
 */
export function toFhirAuditEvents(event: AuditEvent, { hostName }: AuditSource): object[] {
  const { patients = [] } = event;
  const patientIds = patients.filter((patient) => patient !== anyPatient);
  if (patientIds.length === 0) return [toFhir({ event, hostName, id: fhirId(event) })];
  return patientIds.map((patient, index) =>
    toFhir({ event, hostName, patient, id: index === 0 ? fhirId(event) : `${fhirId(event)}.${index}` }),
  );
}

/** FHIR does not allow underscores in ids. */
function fhirId({ id }: AuditEvent): string {
  return id.replaceAll('_', '-');
}

interface ToFhir {
  readonly event: AuditEvent;
  readonly hostName: string;
  readonly id: string;
  readonly patient?: string;
}

function toFhir({ event, hostName, id, patient }: ToFhir): object {
  const pattern = patternOf(event);
  const { at, code, outcome } = event;
  const profile = profileOf({ event, pattern, patient });
  const problem = outcome === 'success' ? undefined : (code ?? outcome);
  return {
    resourceType: 'AuditEvent',
    id,
    ...(profile === undefined ? {} : { meta: { profile: [profile] } }),
    type: pattern.type,
    subtype: [pattern.subtype],
    action: pattern.action,
    recorded: at.toISOString(),
    outcome: outcomes[outcome],
    ...(problem === undefined ? {} : { outcomeDesc: problem }),
    agent: agentsOf({ event, pattern, hostName }),
    source: {
      observer: { display: 'bulkhead', identifier: { value: hostName } },
      type: [{ system: `${terminology}/security-source-type`, code: '4' }],
    },
    entity: entitiesOf({ event, pattern, patient }),
  };
}

/** The codes of FHIR: 0 is a success, 4 a fault of the client, 8 a fault of the server. */
const outcomes = { success: '0', unchanged: '0', refused: '4', failed: '8' } as const;

function profileOf(options: {
  readonly event: AuditEvent;
  readonly pattern: Pattern;
  readonly patient: string | undefined;
}): string | undefined {
  const { event, pattern, patient } = options;
  if (pattern.profile === undefined || outcomes[event.outcome] !== '0' || event.address === undefined) return undefined;
  const name = patient === undefined ? pattern.profile : `Patient${pattern.profile}`;
  return `${balp}/StructureDefinition/IHE.BasicAudit.${name}`;
}

function agentsOf(options: { readonly event: AuditEvent; readonly pattern: Pattern; readonly hostName: string }) {
  const { event, pattern, hostName } = options;
  const { actor, address } = event;
  const isPerson = actor.kind === 'session' || actor.kind === 'command';
  const client = {
    type: { coding: [pattern.clientRole] },
    who: isPerson ? { display: actor.kind === 'session' ? 'browser' : 'command line' } : whoOf(actor),
    requestor: !isPerson,
    ...(address === undefined ? {} : { network: { address, type: '2' } }),
  };
  const server = {
    type: { coding: [pattern.serverRole] },
    who: { display: 'bulkhead', identifier: { value: hostName } },
    requestor: false,
    network: { address: hostName, type: '1' },
  };
  if (!isPerson) return [client, server];
  const { name, role } = actor;
  const user = {
    type: { coding: [pattern.userRole] },
    ...(role === undefined ? {} : { role: [{ text: role }] }),
    who: whoOf(actor),
    ...(name === undefined ? {} : { name }),
    requestor: true,
  };
  return [client, server, user];
}

function whoOf({ id, name }: AuditActor) {
  return { identifier: { value: id }, ...(name === undefined ? {} : { display: name }) };
}

const entityType = (code: string): Coding => ({ system: `${terminology}/audit-entity-type`, code });
const objectRole = (code: string): Coding => ({ system: `${terminology}/object-role`, code });
const [person, systemObject, other] = [entityType('1'), entityType('2'), entityType('4')];

function entitiesOf(options: {
  readonly event: AuditEvent;
  readonly pattern: Pattern;
  readonly patient: string | undefined;
}): object[] {
  const { event, pattern, patient } = options;
  const { requestId } = event;
  const entities: object[] = [pattern.profile === 'Query' ? queryOf(event) : dataOf(event)];
  if (patient !== undefined) {
    entities.push({ what: { reference: `Patient/${patient}` }, type: person, role: objectRole('1') });
  }
  if (requestId !== undefined) {
    const type = { system: `${balp}/CodeSystem/BasicAuditEntityType`, code: 'XrequestId' };
    entities.push({ what: { identifier: { value: requestId } }, type });
  }
  return [...entities, recordOf(event)];
}

/** The query contains the names of its parameters. Their values are not recorded. */
function queryOf({ target, parameters = [] }: AuditEvent): object {
  const description = [target.type ?? '', parameters.join('&')].join('?');
  return {
    type: systemObject,
    role: objectRole('24'),
    description,
    query: Buffer.from(description).toString('base64'),
  };
}

function dataOf({ action, target }: AuditEvent): object {
  const { type, id } = target;
  const isResource = type !== undefined && id !== undefined;
  // These fields say where the object belongs, not which object it is.
  const { provider: _provider, connectionId: _connectionId, ...names } = target;
  const [what = action] = Object.values(names);
  return {
    what: isResource ? { reference: `${type}/${id}` } : { identifier: { value: what } },
    type: systemObject,
    role: objectRole(isResource ? '4' : '20'),
  };
}

/** The event itself: its position in the chain, and the fields for which FHIR has no element. */
function recordOf({ id, action, target, count, sequence, previousHash, hash }: AuditEvent): object {
  const fields = { action, ...target, count, sequence, previousHash, hash };
  const detail = Object.entries(fields).flatMap(([type, value]) =>
    value === undefined ? [] : [{ type, valueString: String(value) }],
  );
  return { what: { identifier: { value: id } }, type: other, detail };
}
