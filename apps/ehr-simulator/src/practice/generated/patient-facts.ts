import { mix } from './mix.ts';
import { namePools } from './name-pools.ts';
import { pick } from './pick.ts';
import type { Slots } from './slots.ts';

export interface PatientFactsInput {
  readonly seed: number;
  /** 1 is the first patient. */
  readonly number: number;
}

type FactName =
  | 'given'
  | 'family'
  | 'gender'
  | 'birthDate'
  | 'phone'
  | 'street'
  | 'city'
  | 'postalCode'
  | 'recordNumber';

/** Who a patient is: the same in every resource that speaks of them. */
export function patientFacts({ seed, number }: PatientFactsInput): Pick<Slots, FactName> {
  const draw = (purpose: number) => mix(seed, number, 0x50, purpose);
  const gender = draw(1) % 2 === 0 ? 'female' : 'male';
  const birthMonth = String((draw(5) % 12) + 1).padStart(2, '0');
  const birthDay = String((draw(6) % 28) + 1).padStart(2, '0');
  return {
    gender,
    given: pick(namePools[gender], draw(2)),
    family: pick(namePools.family, draw(3)),
    birthDate: `${1930 + (draw(4) % 90)}-${birthMonth}-${birthDay}`,
    phone: `617-555-${String(draw(7) % 10_000).padStart(4, '0')}`,
    street: pick(namePools.street, draw(8)),
    city: pick(namePools.city, draw(9)),
    postalCode: String((draw(10) % 89_999) + 10_000),
    recordNumber: String(1_000_000 + number),
  };
}
