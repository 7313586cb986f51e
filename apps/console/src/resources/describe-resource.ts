interface CodeableConcept {
  readonly text?: string;
  readonly coding?: readonly { readonly display?: string; readonly code?: string }[];
}

interface HumanName {
  readonly text?: string;
  readonly given?: readonly string[];
  readonly family?: string;
}

/** The elements of all FHIR R4 types that describe a resource to people. */
export interface FhirResource {
  readonly resourceType: string;
  readonly id: string;
  readonly meta?: { readonly lastUpdated?: string; readonly security?: unknown };
  readonly status?: string;
  readonly name?: string | readonly HumanName[] | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly code?: CodeableConcept;
  readonly vaccineCode?: CodeableConcept;
  readonly medicationCodeableConcept?: CodeableConcept;
  readonly type?: CodeableConcept | readonly CodeableConcept[];
}

interface Label {
  readonly code?: unknown;
  readonly display?: unknown;
}

/** The confidentiality of an ordinary record (HL7 Confidentiality), which some EHRs write into each. */
const ordinary = 'N';

/** The labels by which an EHR marks a resource, for example as restricted. Labels of another form are left out. */
export function labelsOf(meta: { readonly security?: unknown } | undefined): readonly string[] {
  const labels: readonly (Label | null)[] = Array.isArray(meta?.security) ? meta.security : [];
  const special = labels.filter((label) => label?.code !== ordinary);
  return special.flatMap(
    (label) => [label?.display, label?.code].find((text) => typeof text === 'string') ?? [],
  ) as string[];
}

/** One line about a resource: its name, its code or its type. Empty if it has none of them. */
export function describeResource(resource: FhirResource): string {
  const { name, title, description, code, vaccineCode, medicationCodeableConcept, type } = resource;
  return (
    [
      nameOf(name),
      title,
      ...[code, vaccineCode, medicationCodeableConcept, [type].flat()[0]].map(textOf),
      description,
    ].find((text) => text) ?? ''
  );
}

function nameOf(name: FhirResource['name']): string {
  const [first] = [name].flat();
  if (first === undefined || typeof first === 'string') return first ?? '';
  const { text, given = [], family = '' } = first;
  return text ?? [...given, family].join(' ').trim();
}

function textOf(concept: CodeableConcept | undefined): string | undefined {
  const [coding] = concept?.coding ?? [];
  return concept?.text ?? coding?.display ?? coding?.code;
}

/** https://github.com/tc39/proposal-json-parse-with-source: in browsers since 2023 to 2025, not yet in TypeScript's library. */
interface SourceJson {
  readonly rawJSON?: (text: string) => unknown;
}

/**
 * Indented JSON in which every number keeps its original text, because `1.50` has another precision than `1.5`. A browser that
 * cannot keep these texts shows the JSON in one line, as received.
 */
export function indentJson(text: string): string {
  const { rawJSON } = JSON as unknown as SourceJson;
  if (!rawJSON) return text;
  const keep = (_key: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && context?.source !== undefined ? rawJSON(context.source) : value;
  return JSON.stringify(JSON.parse(text, keep), null, 2);
}
