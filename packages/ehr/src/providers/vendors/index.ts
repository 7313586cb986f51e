import { eClinicalWorks } from './eclinicalworks.ts';
import { epic } from './epic.ts';
import { modMed } from './modmed.ts';
import { nextGen } from './nextgen.ts';
import { nextGenOffice } from './nextgen-office.ts';
import { oracleHealth } from './oracle-health.ts';
import { payer } from './payer.ts';
import type { Vendor } from './vendor.ts';

export type { Vendor } from './vendor.ts';

/** Vendors to which no program of this project has ever sent a request. */
export const vendors: readonly Vendor[] = [eClinicalWorks, epic, modMed, nextGen, nextGenOffice, oracleHealth, payer];
