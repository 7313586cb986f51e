/**
 * The rules of IHE's Basic Audit Log Patterns 1.1.5 (https://profiles.ihe.net/ITI/BALP), by profile: what the differentials require, in
 * addition to the cardinalities of R4's AuditEvent. They were written from the published profiles, not from our code.
 */
interface Profile {
  readonly subtypes: readonly string[];
  readonly action: string;
  readonly client: string;
  readonly server: string;
  readonly users: readonly string[];
  readonly main: 'data' | 'query';
}

const terminology = 'http://terminology.hl7.org/CodeSystem';
const dicom = 'http://dicom.nema.org/resources/ontology/DCM';
const participation = `${terminology}/v3-ParticipationType`;
const interaction = 'http://hl7.org/fhir/restful-interaction';
const [application, destination, source] = ['110150', '110152', '110153'].map((code) => `${dicom}|${code}`) as [
  string,
  string,
  string,
];
const recipient = [`${participation}|IRCP`];
const authors = ['AUT', 'INF', 'CST'].map((code) => `${participation}|${code}`);
const custodian = `${terminology}/provenance-participant-type|custodian`;

const profiles: Readonly<Record<string, Profile>> = {
  Create: { subtypes: ['create'], action: 'C', client: source, server: destination, users: authors, main: 'data' },
  Read: {
    subtypes: ['read', 'vread'],
    action: 'R',
    client: destination,
    server: source,
    users: recipient,
    main: 'data',
  },
  Update: {
    subtypes: ['update', 'patch'],
    action: 'U',
    client: source,
    server: destination,
    users: authors,
    main: 'data',
  },
  Delete: { subtypes: ['delete'], action: 'D', client: application, server: custodian, users: authors, main: 'data' },
  Query: {
    subtypes: ['search', 'search-type', 'search-system'],
    action: 'E',
    client: source,
    server: destination,
    users: recipient,
    main: 'query',
  },
};

// biome-ignore lint/suspicious/noExplicitAny: a test may read any element of the resource.
type Json = any;

const codeOf = (coding: Json) => `${coding?.system}|${coding?.code}`;
const rolesOf = (agent: Json): string[] => (agent.type?.coding ?? []).map(codeOf);
const countOf = (value: Json): number => (value === undefined ? 0 : [value].flat().length);

/** @returns the rules of R4 that the resource breaks */
export function r4Faults(event: Json): string[] {
  const rules: Readonly<Record<string, boolean>> = {
    'id is an id': /^[A-Za-z0-9\-.]{1,64}$/.test(event.id),
    'type 1..1 has a system and a code': /^[^\s|]+\|[^\s|]+$/.test(codeOf(event.type)) && !Array.isArray(event.type),
    'recorded 1..1 is an instant': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(event.recorded),
    'action is a code': ['C', 'R', 'U', 'D', 'E'].includes(event.action),
    'outcome is a code': ['0', '4', '8', '12'].includes(event.outcome),
    'agent 1..*': countOf(event.agent) >= 1,
    'agent.requestor 1..1': event.agent.every(({ requestor }: Json) => typeof requestor === 'boolean'),
    'exactly one agent is the requestor': event.agent.filter(({ requestor }: Json) => requestor).length === 1,
    'agent.network.type is a code': event.agent.every(({ network }: Json) => !network || /^[1-5]$/.test(network.type)),
    'source.observer 1..1': countOf(event.source?.observer) === 1,
    'entity.detail has a type and one value': event.entity
      .flatMap(({ detail = [] }: Json) => detail)
      .every(({ type, valueString }: Json) => typeof type === 'string' && typeof valueString === 'string'),
    'sev-1: name or query, not both': event.entity.every(({ name, query }: Json) => !(name && query)),
    'no empty text, list or object': !/:(?:""|\[\]|\{\}|null)/.test(JSON.stringify(event)),
  };
  return Object.keys(rules).filter((rule) => !rules[rule]);
}

/** @returns the rules of its profile that the resource breaks, or undefined if it claims no profile */
export function balpFaults(event: Json): string[] | undefined {
  const [claimed, ...moreProfiles] = event.meta?.profile ?? [];
  if (claimed === undefined) return undefined;
  const name = /^https:\/\/profiles\.ihe\.net\/ITI\/BALP\/StructureDefinition\/IHE\.BasicAudit\.(Patient)?(\w+)$/.exec(
    claimed,
  );
  const profile = profiles[name?.[2] ?? ''];
  if (!profile || moreProfiles.length > 0) return [`the profile ${claimed} is known`];
  const clients = event.agent.filter((agent: Json) => rolesOf(agent).includes(profile.client));
  const servers = event.agent.filter((agent: Json) => rolesOf(agent).includes(profile.server));
  const users = event.agent.filter((agent: Json) => rolesOf(agent).some((role) => profile.users.includes(role)));
  const ofType = (code: string) =>
    event.entity.filter(({ type }: Json) => codeOf(type) === `${terminology}/audit-entity-type|${code}`);
  const [objects, people] = [ofType('2'), ofType('1')];
  const transactions = event.entity.filter(({ type }: Json) => type?.code === 'XrequestId');
  const roleCode = ({ role }: Json) => (role?.system === `${terminology}/object-role` ? role.code : undefined);
  const machines = [...clients, ...servers];
  const rules: Readonly<Record<string, boolean>> = {
    'type is rest': codeOf(event.type) === `${terminology}/audit-event-type|rest`,
    'subtype has one interaction of the profile':
      event.subtype.filter(({ system, code }: Json) => system === interaction && profile.subtypes.includes(code))
        .length === 1,
    'action is the profile’s': event.action === profile.action,
    'outcome is success': event.outcome === '0',
    'agent 2..*': event.agent.length >= 2,
    'agent:client 1..1': clients.length === 1,
    'agent:server 1..1': servers.length === 1,
    'agent:user 0..1': users.length <= 1,
    'client and server have who and network, and no media': machines.every(
      ({ who, network, media }: Json) => countOf(who) === 1 && countOf(network) === 1 && media === undefined,
    ),
    'the user has who, is the requestor, and has no media and network': users.every(
      ({ who, requestor, media, network }: Json) => countOf(who) === 1 && requestor && !media && !network,
    ),
    'entity:transaction 0..1 has the value of X-Request-Id':
      transactions.length <= 1 &&
      transactions.every(
        ({ what, type }: Json) =>
          typeof what.identifier.value === 'string' &&
          type.system === 'https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType',
      ),
    'entity:data or entity:query 1..1': objects.length === 1,
    'the data have what, and a role of RestObjectRoles':
      profile.main === 'query' ||
      objects.every((entity: Json) => countOf(entity.what) === 1 && ['3', '4', '20'].includes(roleCode(entity))),
    'the query is in base64, of the role query, without what, lifecycle and detail':
      profile.main === 'data' ||
      objects.every(
        (entity: Json) =>
          /^[A-Za-z0-9+/]+={0,2}$/.test(entity.query) &&
          roleCode(entity) === '24' &&
          !entity.what &&
          !entity.lifecycle &&
          !entity.detail,
      ),
    'entity:patient 1..1 refers to a Patient, in that role':
      name?.[1] === undefined
        ? people.length === 0
        : people.length === 1 &&
          people.every((entity: Json) => /^Patient\/\S+$/.test(entity.what.reference) && roleCode(entity) === '1'),
  };
  return Object.keys(rules).filter((rule) => !rules[rule]);
}
