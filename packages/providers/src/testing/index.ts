export { makeConnection } from './make-connection.ts';
export { simulatorAuth, unlimitedAthenahealth } from './unlimited-athenahealth.ts';
