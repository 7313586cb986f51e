/** The types of BSON elements that JSON and dates need: https://bsonspec.org/spec.html */
export const bsonTypes = {
  double: 0x01,
  string: 0x02,
  document: 0x03,
  array: 0x04,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  int32: 0x10,
  decimal: 0x13,
} as const;
