export { athenahealthStatement, otherDeclaredTypes, patientSearchTypes } from './athenahealth-statement.ts';
export { simulatorAuth, unlimitedAthenahealth } from './unlimited-athenahealth.ts';
