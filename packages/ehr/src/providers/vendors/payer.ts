import type { Vendor } from './vendor.ts';

const readAt = '2026-12-02';

export const payer: Vendor = {
  entry: {
    id: 'payer',
    name: 'Payer (Provider Access API)',
    // A payer tells its providers where its own API is.
    environments: { production: { fhirEndpoint: 'https://fhir.payer.example/r4' } },
    defaultEnvironment: 'production',
    defaultScope: 'system/*.read',
    kickOff: {
      operation: 'davinci-data-export',
      fixedParameters: { exportType: 'hl7.fhir.us.davinci-pdex' },
      parameters: ['patient'],
    },
  },
  connect: { method: 'private_key_jwt', fhirEndpoint: 'https://fhir.payer.example/r4', level: 'Group' },
  facts: [
    {
      fact: 'CMS-0057-F: payers offer providers a Provider Access API from 2027-01-01',
      does: 'this entry, with an endpoint that each payer names',
      source: 'cms.gov, the rule CMS-0057-F',
      readAt: '2026-12-01',
    },
    {
      fact: 'the members who are attributed to a provider are a Group, and `Group/[id]/$davinci-data-export` exports them',
      does: '`--group` is the id of that Group (`kickOff.operation`)',
      source: 'hl7.org/fhir/us/davinci-atr/OperationDefinition-davinci-data-export.html',
      readAt,
    },
    {
      fact: '`exportType` is mandatory since PDex 2.1; `hl7.fhir.us.davinci-pdex` is that of the Provider Access API',
      does: 'sends it with every kick-off (`kickOff.fixedParameters`)',
      source: 'the change history of PDex (build.fhir.org/ig/HL7/davinci-epdx), and documentation of a server',
      readAt,
    },
    {
      fact: '`patient` lists members; those who are not in the Group are ignored, with an OperationOutcome for each',
      does: 'requests the whole records of new members',
      source: 'hl7.org/fhir/us/davinci-atr/OperationDefinition-davinci-data-export.html',
      readAt,
    },
    {
      fact: 'claims are ExplanationOfBenefit without amounts (the non-financial profiles of Blue Button)',
      does: 'stores them with the record of the patient, and has the view `claim`',
      source: 'input/intro-notes of the PDex provider-access server (github.com/HL7/davinci-epdx)',
      readAt,
    },
  ],
};
