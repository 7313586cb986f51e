import { matchesDate } from './matches-date.ts';

type Json = Readonly<Record<string, unknown>>;

export interface MatchesParameterInput {
  readonly resource: Json;
  readonly name: string;
  /** One value of the search; a comma list means any of them. */
  readonly value: string;
}

const dateElements = ['effectiveDateTime', 'occurrenceDateTime', 'date', 'authoredOn', 'recordedDate'];
const conceptElements: Readonly<Record<string, string>> = {
  category: 'category',
  code: 'code',
  type: 'type',
  'clinical-status': 'clinicalStatus',
};

/** Whether a resource meets one search parameter. Parameters that are not known match everything, as lenient servers do. */
export function matchesParameter({ resource, name, value }: MatchesParameterInput): boolean {
  if (name === 'date' || name === '_lastUpdated' || name === 'birthdate') {
    return matchesDate({ value: dateOf({ resource, name }), wanted: value });
  }
  return value.split(',').some((wanted) => matchesValue({ resource, name, value: wanted }));
}

function matchesValue({ resource, name, value }: MatchesParameterInput): boolean {
  const concept = conceptElements[name];
  if (concept) return hasCode({ concepts: resource[concept], token: value });
  switch (name) {
    case '_id':
      return resource.id === value;
    case 'status':
    case 'intent':
    case 'gender':
      return resource[name] === value;
    case 'patient':
      return isAbout({ resource, patientId: value.replace(/^Patient\//, '') });
    case 'encounter':
      return reference(resource.encounter) === `Encounter/${value.replace(/^Encounter\//, '')}`;
    case 'identifier':
      return JSON.stringify(resource.identifier ?? []).includes(JSON.stringify(value.split('|').at(-1)));
    case 'name':
    case 'family':
    case 'given':
      return nameTexts({ resource, name }).some((text) => text.toLowerCase().startsWith(value.toLowerCase()));
    default:
      return true;
  }
}

function dateOf({ resource, name }: { readonly resource: Json; readonly name: string }): string {
  if (name === '_lastUpdated') return String((resource.meta as Json | undefined)?.lastUpdated ?? '');
  if (name === 'birthdate') return String(resource.birthDate ?? '');
  const period = (resource.period ?? resource.performedPeriod ?? {}) as Json;
  const element = dateElements.find((candidate) => typeof resource[candidate] === 'string');
  return String(element ? resource[element] : (period.start ?? ''));
}

function hasCode({ concepts, token }: { readonly concepts: unknown; readonly token: string }): boolean {
  const [code, system] = token.split('|').reverse();
  const codings = [concepts ?? []].flat().flatMap((concept) => ((concept as Json).coding ?? []) as Json[]);
  return codings.some((coding) => coding.code === code && (!system || coding.system === system));
}

function isAbout({ resource, patientId }: { readonly resource: Json; readonly patientId: string }): boolean {
  const target = `Patient/${patientId}`;
  return reference(resource.subject) === target || reference(resource.patient) === target;
}

function reference(value: unknown): unknown {
  return (value as Json | undefined)?.reference;
}

function nameTexts({ resource, name }: { readonly resource: Json; readonly name: string }): string[] {
  const names = (resource.name ?? []) as Json[];
  const parts = names.flatMap((entry) => {
    const { family = [], given = [], text = [] } = entry;
    return name === 'family' ? [family] : name === 'given' ? [given] : [family, given, text];
  });
  return parts.flat().map(String);
}
