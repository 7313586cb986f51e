import { connectionId } from '@bulkhead/http/schemas';
import { z } from 'zod';

export const tableViewSchema = z
  .strictObject({
    name: z.string().describe('The name of the view in paths, and of its file.'),
    title: z.string().describe('The title of the view.'),
    description: z.string().describe('What a row is.'),
    resourceType: z.string().describe('The FHIR resource type that it reads.'),
    columns: z
      .array(
        z.strictObject({
          name: z.string().describe('The name of the column.'),
          type: z.string().describe('The type of its values in FHIR, such as `decimal` or `dateTime`.'),
          isCollection: z.boolean().describe('Whether a row can have several values.'),
          description: z.string().describe('What the values are.'),
        }),
      )
      .describe('The columns, in the order of the table. `connection_id` is before them.'),
  })
  .meta({ id: 'TableView', description: 'A view that can be read as a table.' });

export const tableListExample = [
  {
    name: 'patient',
    title: 'Patients',
    description: 'One row for each Patient.',
    resourceType: 'Patient',
    columns: [
      {
        name: 'patient_id',
        type: 'id',
        isCollection: false,
        description: 'The id of the patient at the EHR.',
      },
    ],
  },
];

export const tableExample = `{"connection_id":"${connectionId}","patient_id":"a-195900.E-1","last_name":"Doe"}\n`;

export const viewExample = {
  resourceType: 'ViewDefinition',
  name: 'names',
  resource: 'Patient',
  select: [
    { column: [{ name: 'patient_id', path: 'getResourceKey()', type: 'id' }] },
    { forEach: 'name', column: [{ name: 'last_name', path: 'family', type: 'string' }] },
  ],
};
