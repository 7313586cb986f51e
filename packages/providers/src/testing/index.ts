export { simulatorAuth, unlimitedAthenahealth } from './unlimited-athenahealth.ts';
