import { expect } from '@jest/globals';
import type { Checks } from './probe.ts';

const groupExport = '/Group/a-1.C-195900/$export';

export const vendorChecks = {
  'like-eclinicalworks': async (client) => {
    expect([(await client.kickOff(groupExport)).status, (await client.kickOff()).status]).toEqual([202, 404]);
  },
  'like-epic': async (client) => {
    expect([(await client.newToken()).status, (await client.kickOff(groupExport)).status]).toEqual([400, 202]);
    expect((await client.kickOff(`${groupExport}?_type=Patient`)).status).toBe(400);
  },
  'like-modmed': async (client) => {
    expect([(await client.newToken()).status, (await client.kickOff()).status]).toEqual([400, 403]);
  },
  'like-nextgen': async (client) => {
    expect([(await client.kickOff()).status, (await client.kickOff(groupExport)).status]).toEqual([404, 404]);
    expect((await client.get('/Patient?ah-practice=Organization/a-1.Practice-195900')).status).toBe(200);
  },
  'like-nextgen-office': async (client) => {
    expect((await client.kickOff(groupExport)).status).toBe(404);
  },
  'like-oracle-health': async (client) => {
    expect([(await client.newToken()).status, (await client.kickOff(groupExport)).status]).toEqual([400, 403]);
  },
  'like-payer': async (client) => {
    const ofPayer = groupExport.replace('export', 'davinci-data-export');
    expect([(await client.kickOff(groupExport)).status, (await client.kickOff(ofPayer)).status]).toEqual([404, 400]);
    expect((await client.kickOff(`${ofPayer}?exportType=hl7.fhir.us.davinci-pdex`)).status).toBe(202);
  },
} satisfies Checks;
