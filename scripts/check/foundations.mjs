/** The packages below the features, in order: each may import the ones before it (docs/architecture.md). */
export const foundations = ['base', 'fhir', 'ehr', 'queues', 'store'];
