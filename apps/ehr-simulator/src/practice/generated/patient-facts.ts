import { mix, pick } from './draws.ts';
import type { Slots } from './template.ts';

/**
 * Realistic names with accents, several scripts, apostrophes and a character outside the basic plane. Each list has
 * characters of several bytes.
 */
const namePools = {
  female: ['Zoë', 'María José', 'Aoife', 'Nguyệt', 'Ana', 'Chloé', 'Wren', 'Ngozi', '美咲', 'Ольга', 'Ruth', 'Saoirse'],
  male: ['José', 'Łukasz', 'Muḥammad', 'Søren', 'François', 'Jun', 'Thomas', 'Kwame', '伟', 'Дмитрий', 'Noah', '𠮷郎'],
  family: [
    'O’Brien',
    'García Márquez',
    'Nguyễn',
    'Østergård',
    'Smith',
    'Müller-Lüdenscheidt',
    'Okonkwo',
    '田中',
    'Иванова',
    'D\\"Arcy',
    'Brzęczyszczykiewicz',
    'Washington',
    'Þórsdóttir',
    'Jones',
  ],
  street: [
    '12 Main St',
    '400 Blue Hill Ave Apt 3',
    '77 Café Row',
    '9 Österlånggatan',
    '1600 Arsenal Way',
    '5 Peña Blvd',
  ],
  city: ['Watertown', 'Cañon City', 'Española', 'Belfast', 'Atlanta', 'Coeur d’Alene'],
} as const;

/** The data of a patient, the same in every resource that mentions them. The number of the first patient is 1. */
export function patientFacts({ seed, number }: { readonly seed: number; readonly number: number }) {
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
  } satisfies Partial<Slots>;
}
