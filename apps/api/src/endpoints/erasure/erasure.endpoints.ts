import { endpointGroup } from '../../http/endpoint-group.ts';
import { listRetention } from '../monitoring/list-retention.endpoint.ts';
import { countConnectionData } from './count-connection-data.endpoint.ts';
import { countPatientData } from './count-patient-data.endpoint.ts';
import { deleteConnection } from './delete-connection.endpoint.ts';
import { erasePatient } from './erase-patient.endpoint.ts';
import { getErasure } from './get-erasure.endpoint.ts';
import { letPatientIn } from './let-patient-in.endpoint.ts';
import { listErasures } from './list-erasures.endpoint.ts';

export const erasureEndpoints = endpointGroup({
  name: 'Erasure',
  description: 'How much is stored of a connection or a patient, and its deletion.',
  endpoints: [
    countConnectionData,
    deleteConnection,
    countPatientData,
    erasePatient,
    letPatientIn,
    listErasures,
    getErasure,
    listRetention,
  ],
});
